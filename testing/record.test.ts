/** The program of a stack whose cluster was built with other settings. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { afterAll, expect, it } from "vitest";

import { program } from "../stacks/program.ts";
import { mockEngine } from "./engine.ts";
import { SUM } from "./fog.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-record-"));
const sshKey = join(folder, "id_ed25519");
execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", sshKey]);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("declares nothing when its cluster does not survive the change, and says why", async () => {
  const urn = "urn:pulumi:test::fogline::pulumi:index:Stash::fogline-record";
  const registered = mockEngine(
    {
      operator: { sshKey, folder },
      cloud: { sshFrom: ["198.51.100.2/32"] },
      k3s: { version: "v1.36.3+k3s1", sha256: { arm64: SUM }, podRange: "10.44.0.0/16" },
      website: { image: `docker.io/fogline/website@sha256:${SUM}` },
      database: { image: `docker.io/library/postgres:17@sha256:${SUM}` },
      ingress: { image: `docker.io/library/traefik:v3.7@sha256:${SUM}` },
    },
    { state: { [urn]: { input: { k3s: { podRange: "10.42.0.0/16" } } } } },
  );
  const error = await program().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect((error as Error).message).toMatch(
    /nothing was changed[^]*k3s\.podRange changes from 10\.42\.0\.0\/16 to 10\.44\.0\.0\/16[^]*fogline-record/,
  );
  expect(registered).toEqual([]);
});
