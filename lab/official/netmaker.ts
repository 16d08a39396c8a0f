/**
 * Netmaker's behaviours are its contract suite, which is run on a server of its own, with a broker; and
 * how a server starts and what it asks, which no client sees.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";

import { PROJECT } from "../layout.ts";
import { TestNetmaker } from "../stand-ins/netmaker/testing/server.ts";
import type { ServerBehaviour } from "./behaviour.ts";

/** Official version that the suite was written for and passed on. */
export const CONTRACT_SEEN = "1.5.1";

/**
 * Runs the contract suite.
 *
 * @param program the server; default the stand-in
 * @param options of Vitest
 * @param environment settings of the server beside its own, e.g. of a database; default SQLite
 * @returns the suite's exit code, and the version that the server says of itself
 */
export async function runContract(
  program: string | undefined,
  options: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ exitCode: number; version: string }> {
  const folder = await mkdtemp(join(tmpdir(), "fogline-contract-"));
  try {
    await using netmaker = await TestNetmaker.start(undefined, program, environment);
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

const server = (title: string, check: ServerBehaviour["check"]): ServerBehaviour => ({
  seen: CONTRACT_SEEN,
  title,
  check,
});

export const NETMAKER: readonly ServerBehaviour[] = [
  server("a server that does not find its broker at its start ends", async (program) => {
    await using netmaker = await TestNetmaker.start(undefined, program);
    const { code, words } = await netmaker.endsWithoutBroker();
    assert.notEqual(code, 0);
    assert.match(words, /could not connect to broker/);
  }),
  server(
    "a server asks a service for its own address at each key that it lists",
    async (program) => {
      let asked = 0;
      const service = createServer((_, response) => {
        asked += 1;
        response.end("203.0.113.7");
      });
      const { port } = await listening(service);
      try {
        await using netmaker = await TestNetmaker.start(undefined, program, {
          PUBLIC_IP_SERVICE: `http://127.0.0.1:${port}`,
        });
        const { client, user } = netmaker;
        await client.server.createSuperAdmin(user);
        // Each has a key of its name.
        await client.networks.create({ name: "one", addressRange: "10.77.0.0/16" });
        await client.networks.create({ name: "two", addressRange: "10.78.0.0/16" });
        asked = 0;
        const keys = await client.enrollmentKeys.list();
        assert.equal(keys.length, 2);
        assert.ok(asked >= 2, `it asked ${asked} times for 2 keys`);
      } finally {
        service.close();
      }
    },
  ),
];

async function listening(service: Server): Promise<AddressInfo> {
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  return service.address() as AddressInfo;
}
