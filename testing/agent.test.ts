/** The program where SSH_AUTH_SOCK names an agent that is gone. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { afterAll, expect, it } from "vitest";

import { program } from "../stacks/program.ts";
import { mockEngine } from "./engine.ts";
import { SUM } from "./fog.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-agent-"));
const sshKey = join(folder, "id_ed25519");
execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", sshKey]);
afterAll(() => {
  delete process.env["SSH_AUTH_SOCK"];
  rmSync(folder, { recursive: true });
});

it("declares nothing, and says what to type", async () => {
  const registered = mockEngine({
    operator: { sshKey, folder },
    cloud: { sshFrom: ["198.51.100.2/32"] },
    k3s: { version: "v1.36.3+k3s1", sha256: { arm64: SUM } },
    website: { image: `docker.io/fogline/website@sha256:${SUM}` },
    database: { image: `docker.io/library/postgres:17@sha256:${SUM}` },
    ingress: { image: `docker.io/library/traefik:v3.7@sha256:${SUM}` },
  });
  process.env["SSH_AUTH_SOCK"] = join(folder, "gone");
  const error = await program().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect((error as Error).message).toContain("unset SSH_AUTH_SOCK");
  expect(registered).toEqual([]);
});
