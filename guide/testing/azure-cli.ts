/**
 * The official Azure CLI for tests, from PyPI, in a folder of its own below the cache: 390 MB, and some
 * minutes to fetch and unpack it once.
 *
 * Usage: node --import tsx guide/testing/azure-cli.ts
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { execa } from "execa";

import { CACHE } from "../../lab/layout.ts";
import type { Arm } from "./arm.ts";
import { TENANT } from "./arm.ts";

export const VERSION = "2.91.0";

/** The program that makes a virtual environment, and the oldest Python that the release runs on. */
const PYTHON = "python3";
const FOLDER = join(CACHE, `azure-cli-${VERSION}`);

/** The CLI; undefined where it was not installed yet. */
export function installedAz(): string | undefined {
  const path = join(FOLDER, "bin/az");
  return existsSync(path) ? path : undefined;
}

/** Installs it; what a killed installation left is made anew. */
async function install(): Promise<void> {
  const draft = `${FOLDER}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(dirname(FOLDER), { recursive: true });
  const visible = { stdout: process.stderr, stderr: process.stderr } as const;
  await execa(PYTHON, ["-m", "venv", draft], visible);
  // Wheels alone: nothing is compiled, and no package's own program runs.
  const args = [
    "install",
    "--quiet",
    "--only-binary=:all:",
    "--no-compile",
    `azure-cli==${VERSION}`,
  ];
  await execa(join(draft, "bin/pip"), args, visible);
  renameSync(draft, FOLDER);
  // Its scripts name the folder that they were made in.
  writeFileSync(
    join(FOLDER, "bin/az"),
    `#!/bin/sh\nexec '${join(FOLDER, "bin/python")}' -m azure.cli "$@"\n`,
    { mode: 0o755 },
  );
}

/** Variables that have `az` keep everything in a folder, and trust a loopback endpoint alone. */
export function azEnvironment(folder: string, arm: Arm): Record<string, string> {
  return {
    AZURE_CONFIG_DIR: join(folder, "az"),
    REQUESTS_CA_BUNDLE: arm.certificate,
    AZURE_CORE_COLLECT_TELEMETRY: "false",
    // The endpoint is not among those that Microsoft's own service vouches for.
    AZURE_CORE_INSTANCE_DISCOVERY: "false",
    AZURE_CORE_NO_COLOR: "true",
  };
}

/** Makes the endpoint the cloud of `az`, and logs in there with a made-up service principal. */
export async function logIn(az: string, folder: string, arm: Arm): Promise<void> {
  const endpoints = Object.fromEntries(
    [
      ...["resourceManager", "management", "activeDirectory", "activeDirectoryResourceId"],
      ...["activeDirectoryGraphResourceId", "microsoftGraphResourceId"],
    ].map((name) => [name, arm.url]),
  );
  const config = join(folder, "cloud.json");
  writeFileSync(config, JSON.stringify({ endpoints, suffixes: {} }));
  const env = azEnvironment(folder, arm);
  const register = ["--name", "Loopback", "--cloud-config", `@${config}`];
  const known = await execa(az, ["cloud", "list", "--query", "[].name"], { env });
  if (!known.stdout.includes("Loopback")) {
    await execa(az, ["cloud", "register", ...register, "--skip-endpoint-discovery"], { env });
  }
  await execa(az, ["cloud", "set", "--name", "Loopback"], { env });
  const principal = ["--username", "33333333-3333-3333-3333-333333333333", "--tenant", TENANT];
  await execa(az, ["login", "--service-principal", ...principal, "--password", "made up"], { env });
}

if (process.argv[1] === import.meta.filename && installedAz() === undefined) {
  await install();
}
