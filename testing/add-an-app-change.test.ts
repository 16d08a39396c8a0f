/** What one more app changes of a stack that runs: what has to know of it, and no node. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";

import { differenceBetween, type Changed } from "../plan/difference.ts";
import type { Snapshot } from "../plan/snapshot.ts";
import { program } from "../stacks/program.ts";
import { APPS } from "./fixtures/apps/index.ts";
import { declareFog, HOST_KEY, SUM } from "./fog.ts";

/** Both programs have one operator: another key would change every step. */
const folder = mkdtempSync(join(tmpdir(), "fogline-change-"));
const sshKey = join(folder, "id_ed25519");
execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", sshKey]);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Everything that a stack declares whose images are built, the app `hello` included where it is enabled. */
async function declared(enabled: boolean): Promise<Snapshot> {
  const { registered } = await declareFog(
    {
      operator: { sshKey, folder },
      edge: [{ name: "raspberrypi", arch: "amd64", host: "192.0.2.99", hostKey: HOST_KEY }],
      website: { image: "build" },
      descheduler: { image: `docker.io/fogline/descheduler@sha256:${SUM}` },
      hello: { enabled, image: "build" },
    },
    () => program(APPS),
  );
  const resources = [...registered].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  return { stack: "test", settings: {}, exemptions: { nodePorts: [] }, outputs: {}, resources };
}

it("an app of an image that is built changes the ingress, the descheduler and the check of names alone", async () => {
  const before = await declared(false);
  const after = await declared(true);
  const { created, changed, replaced, destroyed } = differenceBetween(before, after);
  expect(created.map(({ name }) => name)).toContain("hello-deployment");
  const names = (of: readonly Changed[]): string[] => of.map((each) => each.after.name).sort();
  expect(names(changed)).toEqual([
    // The names that the cluster must not have from somebody else.
    "cluster-claim",
    // Pods read their configuration once: that of the descheduler names the namespaces it works in.
    "descheduler-deployment",
    // Traefik is told which namespaces to serve.
    "ingress-controller",
  ]);
  // The provider replaces a ConfigMap whose content changes.
  expect(names(replaced)).toEqual(["descheduler-config"]);
  expect(destroyed).toEqual([]);
});
