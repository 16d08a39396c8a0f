/** The device's step with the official `ssh` and `ssh-keyscan`, against an SSH server of this process. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, expect, it } from "vitest";
import { parse } from "yaml";

import { generateKey, SshServer, type KeyPair } from "../testing/ssh-server.ts";
import { runner } from "./command.ts";
import { fingerprint } from "./device.ts";
import { goThrough } from "./step.ts";
import { device } from "./steps/device.ts";
import { Table } from "./testing/table.ts";

/** The device's sudo: this one asks for no password. */
const FREE = 'sudo() { shift; "$@"; }';
const LOCKED = 'sudo() { echo "sudo: a password is required" >&2; return 1; }';

const servers: SshServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serverOf(operator: KeyPair, profile: string): Promise<SshServer> {
  const server = await new SshServer({ operator, profile }).listen();
  servers.push(server);
  return server;
}

/** A person with a key, who says where the device is and which key it has. */
function tableOf(server: SshServer, own: KeyPair, shown = server.hostKey): Table {
  const { port } = server.connection;
  const answers = { device: `pi@127.0.0.1:${port}`, fingerprint: fingerprint(shown) };
  const run = runner(import.meta.dirname, new AbortController().signal);
  const table = new Table({ run, answers });
  const path = join(table.home, ".ssh/id_ed25519");
  mkdirSync(join(table.home, ".ssh"));
  writeFileSync(path, own.private, { mode: 0o600 });
  writeFileSync(`${path}.pub`, own.public);
  table.site.file.write([{ section: "operator", path: ["sshKey"], value: path }]);
  return table;
}

it("a device that lets the operator in is written down, and found again", async () => {
  const own = generateKey();
  const server = await serverOf(own, FREE);
  using table = tableOf(server, own);
  expect(await goThrough([device], table.site), table.said).toBe(true);
  const { port } = server.connection;
  const { config } = parse(table.settings) as { config: Record<string, unknown> };
  const hostKey = server.hostKey.split(" ").slice(0, 2).join(" ");
  expect(config["fogline:edge"]).toEqual([
    { name: "raspberrypi", host: "127.0.0.1", port, hostKey },
  ]);
  expect(server.commands).toEqual(["true", "sudo -n true"]);
});

it("a device with another key than was confirmed gets no login", async () => {
  const own = generateKey();
  const server = await serverOf(own, FREE);
  using table = tableOf(server, own, generateKey().public);
  expect(await goThrough([device], table.site)).toBe(false);
  expect(table.said).toContain(`shows the host key ${fingerprint(server.hostKey)}, not`);
  expect(server.commands).toEqual([]);
});

it("a device without the key, or without sudo, is told the command that gives it", async () => {
  const own = generateKey();
  const closed = await serverOf(generateKey(), FREE);
  using first = tableOf(closed, own);
  expect(await goThrough([device], first.site)).toBe(false);
  expect(first.said).toContain("put your public key on it: umask 077; mkdir -p ~/.ssh");
  const locked = await serverOf(own, LOCKED);
  using second = tableOf(locked, own);
  expect(await goThrough([device], second.site)).toBe(false);
  expect(second.said).toContain("let its user run sudo without a password: sudo sh -c");
});
