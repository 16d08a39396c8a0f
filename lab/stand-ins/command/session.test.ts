import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { generateKey, listenMute, SshServer } from "../../../testing/ssh-server.ts";
import type { Order } from "./outcome.ts";
import { runRemote } from "./session.ts";
import { orderOf } from "./testing/order.ts";

const server = { current: new SshServer() };
const said: string[] = [];

function order(command: string, more: Partial<Order> = {}): Order {
  const say = (line: string): unknown => said.push(line);
  const warn = (message: string): unknown => said.push(`warning: ${message}`);
  return orderOf(command, { say, warn, ...more });
}

/** Counts pauses instead of making them. */
function noPause(): (() => Promise<void>) & { count: number } {
  const pause = Object.assign(
    () => {
      pause.count += 1;
      return Promise.resolve();
    },
    { count: 0 },
  );
  return pause;
}

beforeEach(async () => {
  said.length = 0;
  server.current = new SshServer();
  await server.current.listen();
});

afterEach(async () => {
  await server.current.close();
});

describe("a remote command", () => {
  it("gives back what it printed, one line break at the end taken off", async () => {
    const command = "printf 'one\\ntwo\\n\\n'; printf 'wörks\\n' >&2";
    const outcome = await runRemote(server.current.connection, order(command));
    expect(outcome).toEqual({ stdout: "one\ntwo\n", stderr: "wörks" });
    expect([...said].sort()).toEqual(["", "one", "two", "wörks"]);
    expect(server.current.connections).toBe(1);
  });

  it("reads its standard input to the end, however long", async () => {
    const stdin = "0123456789abcde\n".repeat(65536);
    const { stdout } = await runRemote(server.current.connection, order("wc -c", { stdin }));
    expect(Number(stdout)).toBe(stdin.length);
  });

  it("need not read its standard input", async () => {
    const stdin = "x".repeat(1_000_000);
    const outcome = await runRemote(server.current.connection, order("echo done", { stdin }));
    expect(outcome.stdout).toBe("done");
  });

  it("fails with its exit code and all that it printed, also what may not be shown", async () => {
    const failing = order("echo token; sleep 0.1; echo 'no space left' >&2; exit 3", {
      shown: ["stderr"],
    });
    const error = await failureOf(runRemote(server.current.connection, failing));
    expect(error).toMatch(/^Process exited with status 3: running "echo token; /);
    expect(error.endsWith(":\ntoken\nno space left\n")).toBe(true);
    expect(said).toEqual(["no space left"]);
  });

  it("names the signal that ended it", async () => {
    const error = await failureOf(runRemote(server.current.connection, order("kill -9 $$")));
    expect(error).toContain("Process exited with status 1 from signal KILL");
  });

  it("goes on to its end when it is cancelled", async () => {
    const cancel = new AbortController();
    const waiting = order("echo started; sleep 0.1; echo done", {
      signal: cancel.signal,
      say: () => {
        cancel.abort();
      },
    });
    const { stdout } = await runRemote(server.current.connection, waiting);
    expect(stdout).toBe("started\ndone");
    expect(server.current.signals).toEqual([]);
  });

  it("fails when its connection is lost", async () => {
    const cut = order("echo started; exec sleep 30", {
      say: () => {
        server.current.dropAll();
      },
    });
    const error = await failureOf(runRemote(server.current.connection, cut));
    expect(error).toContain("exited without exit status or exit signal");
  });

  it("gets the environment, and fails before it runs where the server takes none", async () => {
    const asked = order("echo $GREETING", { environment: { GREETING: "hello" } });
    const error = await failureOf(runRemote(server.current.connection, asked));
    expect(error).toContain("does not take GREETING");
    expect(server.current.commands).not.toContain(asked.command);
    server.current.accepts.push("GREETING");
    expect((await runRemote(server.current.connection, asked)).stdout).toBe("hello");
  });

  it("warns when the server does not take the previous output, and runs", async () => {
    const asked = order("echo run", { previous: { PULUMI_COMMAND_STDOUT: "before" } });
    expect((await runRemote(server.current.connection, asked)).stdout).toBe("run");
    expect(said).toEqual([expect.stringContaining("warning: "), "run"]);
  });
});

describe("dialling", () => {
  it("tries another host key as often as anything, and names none", async () => {
    const other = generateKey().public;
    const pause = noPause();
    const error = await failureOf(
      runRemote({ ...server.current.connection, hostKey: other }, order("true"), pause),
    );
    expect(error).toBe("after 2 failed attempts: ssh: handshake failed: ssh: host key mismatch");
    expect(said).toEqual(["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]);
    expect(pause.count).toBe(2);
    expect(server.current.commands).toEqual([]);
  });

  it("finds no common ground with a server that lacks the pinned key's type", async () => {
    const other = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).public;
    const connection = { ...server.current.connection, hostKey: other };
    const error = await failureOf(runRemote(connection, order("true"), noPause()));
    expect(error).toMatch(/^after 2 failed attempts: ssh: handshake failed: /);
  });

  it("takes a host key with options before and a comment behind it", async () => {
    const hostKey = `# the Pi\n192.168.50.10 ${server.current.hostKey} root@pi\n`;
    const outcome = await runRemote({ ...server.current.connection, hostKey }, order("echo in"));
    expect(outcome.stdout).toBe("in");
  });

  it("fails at once when a key is none", async () => {
    const { connection } = server.current;
    const pinned = { ...connection, hostKey: "ssh-ed25519" };
    expect(await failureOf(runRemote(pinned, order("true")))).toContain("parse host key");
    const login = { ...connection, privateKey: "-----BEGIN" };
    expect(await failureOf(runRemote(login, order("true")))).toBe("ssh: no key found");
    expect(server.current.connections).toBe(0);
  });

  it("fails at once where SSH_AUTH_SOCK names no agent, though the key would do", async () => {
    const agentSocketPath = "/nonexistent/agent";
    const connection = { ...server.current.connection, agentSocketPath };
    expect(await failureOf(runRemote(connection, order("true")))).toBe(
      "dial unix /nonexistent/agent: connect: no such file or directory",
    );
    expect(server.current.connections).toBe(0);
  });

  it("tries a closed port as often as it may", async () => {
    const { connection } = server.current;
    await server.current.close();
    const pause = noPause();
    const error = await failureOf(runRemote(connection, order("true"), pause));
    expect(error).toBe(
      `after 2 failed attempts: dial tcp 127.0.0.1:${connection.port}: connect: connection refused`,
    );
    expect(pause.count).toBe(2);
    expect(said[0]).toBe("Dial 1/2 failed: retrying");
  });

  it("reaches a server that comes up meanwhile", async () => {
    const { connection } = server.current;
    await server.current.close();
    server.current = new SshServer();
    const pause = async (): Promise<void> => {
      await server.current.listen(connection.port);
    };
    const open = { ...connection, hostKey: server.current.hostKey };
    expect((await runRemote(open, order("echo up"), pause)).stdout).toBe("up");
  });

  it("tries refused logins as often as it may", async () => {
    const { connection } = server.current;
    server.current.refusals = 2;
    expect((await runRemote(connection, order("echo in"), noPause())).stdout).toBe("in");
    server.current.refusals = 20;
    const error = await failureOf(runRemote(connection, order("true"), noPause()));
    expect(error).toMatch(
      /^after 2 failed attempts: ssh: handshake failed: ssh: unable to authenticate, attempted methods \[none password/,
    );
    expect(error).not.toContain(String(connection.password));
  });

  it("waits without end for a server that takes the connection and says nothing", async () => {
    const mute = await listenMute();
    const silent = { ...server.current.connection, perDialTimeout: 0.05, dialErrorLimit: 0 };
    const cancel = new AbortController();
    const run = failureOf(
      runRemote({ ...silent, port: mute.port }, order("true", { signal: cancel.signal })),
    );
    await mute.taken;
    cancel.abort();
    const pending = Symbol("pending");
    const later = new Promise((resolve) => setTimeout(resolve, 500, pending));
    expect(await Promise.race([run, later])).toBe(pending);
    mute.close();
    expect(await run).toBe("context canceled");
  });

  it("goes through a proxy, both keys pinned", async () => {
    const proxy = new SshServer();
    await proxy.listen();
    const connection = { ...server.current.connection, proxy: proxy.connection };
    expect((await runRemote(connection, order("echo through"))).stdout).toBe("through");
    expect([proxy.connections, server.current.connections]).toEqual([1, 1]);
    expect(proxy.commands).toEqual([]);
    await proxy.close();
  });

  it("is not tried again once it is cancelled", async () => {
    const { connection } = server.current;
    await server.current.close();
    const cancel = new AbortController();
    const endless = { ...connection, dialErrorLimit: -1 };
    const waiting = order("true", {
      signal: cancel.signal,
      say: () => {
        cancel.abort();
      },
    });
    expect(await failureOf(runRemote(endless, waiting))).toBe("context canceled");
  });
});

async function failureOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "it did not fail",
    (error: unknown) => (error as Error).message,
  );
}
