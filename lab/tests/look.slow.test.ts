/** A remote step by the real engine: what is opened when, and what an operator reads. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, it } from "vitest";

import type { Connection, Machine } from "../../components/machine.ts";
import { RemoteScript } from "../../components/remote/script.ts";
import { generateKey, SshServer } from "../../testing/ssh-server.ts";
import { ownFolder } from "../testing/folder.ts";
import { TestStack } from "../testing/netmaker/stack.ts";

// The server's user greets whoever comes, and is root already.
const server = new SshServer({
  operator: generateKey(),
  profile: 'echo "Welcome to raspberrypi"; sudo() { shift; "$@"; }',
});
beforeAll(() => server.listen());
afterAll(() => server.close());

it("is looked at once, before it runs, and never in a preview or when nothing changes", async () => {
  const script = join(ownFolder(), "script.sh");
  await writeFile(script, 'echo "result of $1"\n');
  let hostKey = generateKey().public;
  const program: PulumiFn = () => {
    const connection: Connection = { ...server.connection, hostKey, dialErrorLimit: 1 };
    const machine: Machine = {
      name: "raspberrypi",
      tier: "edge",
      role: "agent",
      arch: "arm64",
      adminUser: "pi",
      connection: pulumi.output(connection),
    };
    const step = new RemoteScript("step", { machine, script });
    return Promise.resolve({ result: step.result });
  };
  await using stack = await TestStack.create(program, { command: "lab/stand-ins/command" });
  await stack.preview();
  expect(server.connections).toBe(0);
  await expect(stack.up()).rejects.toThrow(
    /before hook "SSH before step" failed: SSH of raspberrypi at 127\.0\.0\.1:\d+: it shows the host key/,
  );
  expect(server.connections).toBe(1);
  hostKey = server.hostKey;
  await stack.up();
  expect(await stack.outputs()).toEqual({ result: "result of create" });
  expect(server.connections).toBe(3);
  await stack.up();
  expect(server.connections).toBe(3);
  await stack.destroy();
  expect(server.connections).toBe(4);
});
