/** A remote step by the real engine: what is opened when, and what an operator reads. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { LocalWorkspace, PulumiCommand, type PulumiFn } from "@pulumi/pulumi/automation/index.js";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { afterAll, beforeAll, expect, it } from "vitest";

import type { Connection, Machine } from "../../components/machine.ts";
import { RemoteScript } from "../../components/remote/script.ts";
import { generateKey, SshServer } from "../../components/remote/testing/ssh-server.ts";
import { bundlePlugin } from "../bundle.ts";
import { ensureEngine } from "../toolchain/toolchain.ts";

// The server's user greets whoever comes, and is root already.
const server = new SshServer(generateKey(), {
  profile: 'echo "Welcome to raspberrypi"; sudo() { shift; "$@"; }',
});
const folder = { current: "" };

beforeAll(async () => {
  folder.current = await mkdtemp(join(tmpdir(), "fogline-look-"));
  await server.listen();
  await writeFile(join(folder.current, "script.sh"), 'echo "result of $1"\n');
});

afterAll(async () => {
  await server.close();
  await rm(folder.current, { recursive: true });
});

it("is looked at once, before it runs, and never in a preview or when nothing changes", async () => {
  const work = folder.current;
  let hostKey = generateKey().public;
  const program: PulumiFn = () => {
    const connection: Connection = { ...server.end, hostKey, dialErrorLimit: 1 };
    const machine: Machine = {
      name: "raspberrypi",
      tier: "edge",
      role: "agent",
      arch: "arm64",
      adminUser: "pi",
      connection: pulumi.output(connection),
    };
    const step = new RemoteScript("step", { machine, script: join(work, "script.sh") });
    return Promise.resolve({ result: step.result });
  };
  const providers = [
    { name: "command", path: await bundlePlugin("lab/stand-ins/command", "command") },
  ];
  await writeFile(
    join(work, "Pulumi.yaml"),
    stringify({ name: "look", runtime: "nodejs", plugins: { providers } }),
  );
  const pulumiCommand = await PulumiCommand.get({ root: await ensureEngine(() => undefined) });
  const envVars = {
    PULUMI_BACKEND_URL: `file://${work}`,
    PULUMI_CONFIG_PASSPHRASE: "look",
    PULUMI_HOME: join(work, "home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  };
  const stack = await LocalWorkspace.createStack(
    { stackName: "test", projectName: "look", program },
    { workDir: work, pulumiCommand, envVars },
  );
  await stack.preview();
  expect(server.connections).toBe(0);
  await expect(stack.up({ color: "never" })).rejects.toThrow(
    /before hook "SSH before step" failed: SSH of raspberrypi at 127\.0\.0\.1:\d+: it shows the host key/,
  );
  expect(server.connections).toBe(1);
  hostKey = server.hostKey;
  const { outputs } = await stack.up();
  expect(outputs["result"]?.value).toBe("result of create");
  expect(server.connections).toBe(3);
  await stack.up();
  expect(server.connections).toBe(3);
  await stack.destroy();
  expect(server.connections).toBe(4);
});
