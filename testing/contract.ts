/**
 * Netmaker's contract suite on the stand-in server, with its broker. On another server the same suite
 * runs by `npm run contract:netmaker`.
 * Usage: node --import tsx testing/contract.ts [vitest option …]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";

import { TestNetmaker } from "../lab/stand-ins/netmaker/testing/server.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-contract-"));
try {
  await using netmaker = await TestNetmaker.start();
  const [password, masterKey] = ["password", "master-key"].map((name) => join(folder, name));
  writeFileSync(password ?? "", netmaker.user.password, { mode: 0o600 });
  writeFileSync(masterKey ?? "", netmaker.masterKey, { mode: 0o600 });
  const suite = ["vitest", "run", "--config", "vitest.netmaker.config.ts"];
  const { exitCode } = await execa("npx", [...suite, ...process.argv.slice(2)], {
    stdio: "inherit",
    reject: false,
    env: {
      NETMAKER_URL: netmaker.url,
      NETMAKER_USER: netmaker.user.username,
      NETMAKER_PASSWORD_FILE: password,
      NETMAKER_MASTER_KEY_FILE: masterKey,
    },
  });
  process.exitCode = exitCode ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
