/** What the official command provider does that the product relies on or has to cope with. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { secret, type Properties } from "@fogline/pulumi-kit/values";

import { generateKey, listenMute, SshServer } from "../../testing/ssh-server.ts";
import type { PluginBehaviour } from "./behaviour.ts";
import { urnOf, type Plugin, type Resource } from "./plugin.ts";

const REMOTE = urnOf("command:remote:Command");
/** Milliseconds after which what should still wait is taken to wait for ever. */
const WAITING = 3000;

const command = (title: string, check: PluginBehaviour["check"]): PluginBehaviour => ({
  seen: "1.2.1",
  title,
  check,
});

/** A case with an SSH server of its own. */
const withServer = (
  title: string,
  check: (plugin: Plugin, server: SshServer) => Promise<void>,
): PluginBehaviour =>
  command(title, async (plugin) => {
    const server = new SshServer();
    await server.listen();
    try {
      await check(plugin, server);
    } finally {
      await server.close();
    }
  });

/** Creates a remote command as the engine does: checked first. */
async function create(plugin: Plugin, inputs: Properties): Promise<Resource> {
  await plugin.configure();
  const checked = await plugin.check(REMOTE, {
    addPreviousOutputInEnv: false,
    logging: "stderr",
    ...inputs,
  });
  assert.deepEqual(checked.failures, []);
  return plugin.create(REMOTE, checked.inputs);
}

/** The message of a call that has to fail. */
async function failureOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => assert.fail("it did not fail"),
    (error: unknown) => (error as Error).message,
  );
}

/** Whether a promise is still open after a while. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const timer = new Promise<"waits">((resolve) => {
    setTimeout(resolve, WAITING, "waits");
  });
  return (await Promise.race([promise.catch(() => undefined), timer])) === "waits";
}

export const COMMAND: readonly PluginBehaviour[] = [
  withServer("keeps what a command prints without its last line's end", async (plugin, server) => {
    const made = await create(plugin, {
      connection: server.connection,
      create: "printf 'one\\ntwo\\n\\n'",
    });
    assert.equal(made.outputs["stdout"], "one\ntwo\n");
  }),
  withServer(
    "shows all that a failing command printed in its error, stdout included",
    async (plugin, server) => {
      const error = await failureOf(
        create(plugin, {
          connection: server.connection,
          create: "cat; echo reason >&2; exit 3",
          stdin: secret("planted secret\n"),
        }),
      );
      assert.match(error, /planted secret/);
      assert.match(error, /reason/);
      assert.match(error, /\b3\b/);
    },
  ),
  withServer(
    "bears as many failed dials as the limit says, also of another host key",
    async (plugin, server) => {
      const connection = { ...server.connection, hostKey: generateKey().public };
      const error = await failureOf(create(plugin, { connection, create: "true" }));
      assert.match(error, /after 2 failed attempts: .*host key mismatch/);
      assert.equal(plugin.said.filter((text) => /Dial \d\/2 failed/.test(text)).length, 2);
      assert.deepEqual(server.commands, []);
    },
  ),
  command("names a closed port only after the last of its tries", async (plugin) => {
    const server = new SshServer();
    await server.listen();
    const { connection } = server;
    await server.close();
    const error = await failureOf(create(plugin, { connection, create: "true" }));
    assert.match(error, /after 2 failed attempts: dial tcp .*connection refused/);
    assert.equal(plugin.said.filter((text) => /Dial \d\/2 failed/.test(text)).length, 2);
  }),
  withServer(
    "tries a refused login again, and names the methods that it tried",
    async (plugin, server) => {
      const connection = { ...server.connection, password: "wrong", dialErrorLimit: 0 };
      const error = await failureOf(create(plugin, { connection, create: "true" }));
      assert.match(error, /unable to authenticate, attempted methods \[none/);
    },
  ),
  command(
    "waits without end for a server that takes the connection and never sends its banner",
    async (plugin) => {
      const { port, close } = await listenMute();
      try {
        const silent = { host: "127.0.0.1", port, user: "pi", password: "x", perDialTimeout: 1 };
        const made = create(plugin, {
          connection: { ...silent, dialErrorLimit: 0 },
          create: "true",
        });
        assert.ok(await waits(made), "it gave up");
        await plugin.cancel();
        assert.ok(await waits(made), "being told to stop ended it");
      } finally {
        close();
      }
    },
  ),
  withServer(
    "lets a remote command go on to its end when it is told to stop",
    async (plugin, server) => {
      const folder = await mkdtemp(join(tmpdir(), "fogline-command-"));
      try {
        const begun = join(folder, "begun");
        const made = create(plugin, {
          connection: server.connection,
          create: `touch ${begun}; until [ -e ${folder}/go ]; do sleep 0.1; done; echo end`,
        });
        while (!existsSync(begun)) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await plugin.cancel();
        await writeFile(join(folder, "go"), "");
        assert.equal((await made).outputs["stdout"], "end");
        assert.deepEqual(server.signals, []);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  ),
  withServer(
    "dials the agent that a socket's path names before it tries the private key",
    async (plugin, server) => {
      const connection = { ...server.connection, agentSocketPath: "/nonexistent/agent" };
      const error = await failureOf(create(plugin, { connection, create: "true" }));
      assert.match(error, /dial unix \/nonexistent\/agent/);
      assert.equal(server.connections, 0);
    },
  ),
  withServer(
    "names a change of the connection, which changes the command in place",
    async (plugin, server) => {
      const made = await create(plugin, {
        connection: secret(server.connection),
        create: "true",
      });
      const inputs = {
        ...made.inputs,
        connection: secret({ ...server.connection, dialErrorLimit: 3 }),
      };
      const { changes, detailed = {}, replaces } = await plugin.diff(made, inputs);
      const paths = Object.keys(detailed);
      assert.equal(changes, "some");
      assert.ok(paths.length > 0 && paths.every((path) => path.startsWith("connection")));
      assert.deepEqual(replaces, []);
    },
  ),
];
