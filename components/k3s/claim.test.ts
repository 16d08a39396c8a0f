import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";

import { render } from "../remote/render.ts";
import { readScript } from "../remote/script.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-claim-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the cluster has: managers of the fields of objects, by `kind name`, and of those in a namespace. */
interface Cluster {
  readonly objects?: Readonly<Record<string, string>>;
  readonly inside?: Readonly<Record<string, string>>;
}

/** Runs the script on the server of such a cluster. */
function claim(names: readonly string[], { objects = {}, inside = {} }: Cluster): void {
  const cases = [
    ...Object.entries(inside).map(
      ([namespace, managers]) => `*" --namespace ${namespace} "*) printf %s '${managers}' ;;`,
    ),
    ...Object.entries(objects).map(
      ([object, managers]) => `*" ${object} "*) printf %s 'some-uid ${managers}' ;;`,
    ),
  ];
  writeFileSync(join(folder, "k3s"), `#!/bin/sh\ncase "$*" in\n${cases.join("\n")}\nesac\n`);
  chmodSync(join(folder, "k3s"), 0o755);
  const script = readScript(join(import.meta.dirname, "scripts/claim.sh"));
  execFileSync("bash", ["-s", "--", "create"], {
    input: render(script, { NODE: "masternode", NAMES: names.join(" ") }),
    env: { ...process.env, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    stdio: ["pipe", "pipe", "pipe"],
    encoding: "utf8",
  });
}

const NAMES = ["namespace/website", "clusterrole/traefik", "ingressclass/traefik"];

it("lets names pass that nobody has", () => {
  claim(NAMES, {});
});

it("lets names pass that an earlier run gave", () => {
  claim(NAMES, {
    // Nothing is declared of a namespace but its name, so that the server names no manager of it.
    objects: { "namespace website": "", "ingressclass traefik": "kubectl pulumi-kubernetes" },
    inside: { website: "pulumi-kubernetes-1a2b3c4d kube-controller-manager" },
  });
});

it("lets an empty namespace pass", () => {
  claim(NAMES, { objects: { "namespace website": "" } });
});

it("refuses all names at once that somebody else's objects have", () => {
  expect(() => {
    claim(NAMES, {
      objects: { "clusterrole traefik": "helm", "ingressclass traefik": "" },
      inside: { website: "pulumi-kubernetes-1a2b3c4d" },
    });
  }).toThrow(/masternode: .* did not make: clusterrole\/traefik ingressclass\/traefik\. Nothing/);
});

it("refuses a namespace in which somebody else's objects lie", () => {
  const objects = { "namespace website": "kubectl-create" };
  expect(() => {
    claim(NAMES, { objects, inside: { website: "helm kube-controller-manager" } });
  }).toThrow(/did not make: namespace\/website\./);
});
