/** Netmaker's behaviours are its contract suite; it is run on a server of its own, with a broker. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";

import { PROJECT } from "../layout.ts";
import { TestNetmaker } from "../stand-ins/netmaker/testing/server.ts";

/** Official version that the suite was written for and passed on. */
export const CONTRACT_SEEN = "1.5.1";

/**
 * Runs the contract suite.
 *
 * @param program the server; default the stand-in
 * @param options of Vitest
 * @returns the suite's exit code, and the version that the server says of itself
 */
export async function runContract(
  program: string | undefined,
  options: readonly string[],
): Promise<{ exitCode: number; version: string }> {
  const folder = await mkdtemp(join(tmpdir(), "fogline-contract-"));
  try {
    await using netmaker = await TestNetmaker.start(undefined, program);
    const { version } = await netmaker.client.server.status();
    const password = join(folder, "password");
    const masterKey = join(folder, "master-key");
    await writeFile(password, netmaker.user.password, { mode: 0o600 });
    await writeFile(masterKey, netmaker.masterKey, { mode: 0o600 });
    const suite = ["vitest", "run", "--project=contract"];
    const { exitCode } = await execa("npx", [...suite, ...options], {
      cwd: PROJECT,
      stdio: "inherit",
      reject: false,
      env: {
        NETMAKER_URL: netmaker.url,
        NETMAKER_USER: netmaker.user.username,
        NETMAKER_PASSWORD_FILE: password,
        NETMAKER_MASTER_KEY_FILE: masterKey,
      },
    });
    return { exitCode: exitCode ?? 1, version: version.replace(/^v/, "") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
