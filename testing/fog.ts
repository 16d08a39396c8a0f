/** The whole program as a test declares it, against the mock engine. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Outputs } from "../stacks/fog.ts";
import { program } from "../stacks/program.ts";
import { mockEngine, settled, type Registered } from "./engine.ts";

/** A SHA-256 that nothing has. */
export const SUM = "0".repeat(64);
/** The key by which every device is known. */
export const HOST_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

/** What a program registered and what it gave back. */
export interface DeclaredFog {
  readonly registered: readonly Registered[];
  readonly outputs: Outputs;
  /** The one resource of a name. @throws Error when there is none, or more than one */
  one(name: string): Registered;
}

/**
 * Runs the program with the settings that a stack must have, and a test's own beside them.
 *
 * @param run the program; default: with its own list of apps
 * @param secrets sections of the settings that hold a secret; default none
 * @param state what the stack's resources had at its last update, by URN; default: it had none
 */
export async function declareFog(
  settings: Readonly<Record<string, unknown>>,
  run: () => Promise<Outputs> = program,
  secrets: readonly string[] = [],
  state: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Promise<DeclaredFog> {
  const folder = mkdtempSync(join(tmpdir(), "fogline-test-"));
  try {
    const sshKey = join(folder, "id_ed25519");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", sshKey]);
    const registered = mockEngine(
      {
        operator: { sshKey, folder },
        cloud: { arch: "amd64", lab: true, sshFrom: ["198.51.100.2/32"] },
        k3s: { version: "v1.36.3+k3s1", sha256: { amd64: SUM } },
        website: { image: `docker.io/fogline/website@sha256:${SUM}` },
        database: { image: `docker.io/library/postgres:17@sha256:${SUM}` },
        ingress: { image: `docker.io/library/traefik:v3.7@sha256:${SUM}` },
        ...settings,
      },
      { secrets, state },
    );
    const outputs = await run();
    await settled();
    return { registered, outputs, one: (name) => one(registered, name) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function one(registered: readonly Registered[], name: string): Registered {
  const found = registered.filter((resource) => resource.name === name);
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`${found.length} resources are named ${name}`);
  }
  return found[0];
}
