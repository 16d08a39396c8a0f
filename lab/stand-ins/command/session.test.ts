import { createServer, type AddressInfo } from "node:net";

import ssh2 from "ssh2";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { fingerprint } from "./connection.ts";
import type { Order } from "./outcome.ts";
import { runRemote } from "./session.ts";
import { generateKey, TestServer } from "./testing/server.ts";

const server = { current: new TestServer() };
const said: string[] = [];

function order(command: string, more: Partial<Order> = {}): Order {
  return {
    command,
    stdin: undefined,
    environment: {},
    previous: {},
    shown: ["stdout", "stderr"],
    say: (line) => said.push(line),
    warn: (message) => said.push(`warning: ${message}`),
    signal: new AbortController().signal,
    ...more,
  };
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
  server.current = new TestServer();
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

  it("fails with host, exit code and the last lines that may be shown", async () => {
    const failing = order("echo token; echo 'no space left' >&2; exit 3", { shown: ["stderr"] });
    const error = await failureOf(runRemote(server.current.connection, failing));
    expect(error).toBe(
      `127.0.0.1:${server.current.port}: the command failed with exit code 3\nno space left`,
    );
    expect(said).toEqual(["no space left"]);
  });

  it("names the signal that ended it", async () => {
    const error = await failureOf(runRemote(server.current.connection, order("kill -9 $$")));
    expect(error).toContain("failed with SIGKILL");
  });

  it("is told to stop when it is cancelled", async () => {
    const cancel = new AbortController();
    const waiting = order("echo started; sleep 60", {
      signal: cancel.signal,
      say: () => {
        cancel.abort();
      },
    });
    const error = await failureOf(runRemote(server.current.connection, waiting));
    expect(error).toContain("was cancelled");
    expect(server.current.signals).toEqual(["TERM"]);
  });

  it("fails when its connection is lost", async () => {
    const cut = order("echo started; exec sleep 1", {
      say: () => {
        server.current.dropAll();
      },
    });
    const error = await failureOf(runRemote(server.current.connection, cut));
    expect(error).toContain("was cut off");
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
  it("refuses another host key at once, naming both fingerprints", async () => {
    const other = generateKey().public;
    const pause = noPause();
    const error = await failureOf(
      runRemote({ ...server.current.connection, hostKey: other }, order("true"), pause),
    );
    expect(error).toContain(`127.0.0.1:${server.current.port}`);
    expect(error).toContain(printOf(other));
    expect(error).toContain(printOf(server.current.hostKey));
    expect(pause.count).toBe(0);
    expect(server.current.commands).toEqual([]);
  });

  it("refuses a key of another type as well", async () => {
    const other = ssh2.utils.generateKeyPairSync("ecdsa", { bits: 256 }).public;
    const connection = { ...server.current.connection, hostKey: other };
    expect(await failureOf(runRemote(connection, order("true")))).toContain(printOf(other));
  });

  it("takes a host key with options before and a comment behind it", async () => {
    const hostKey = `# the Pi\n192.168.50.10 ${server.current.hostKey} root@pi\n`;
    const outcome = await runRemote({ ...server.current.connection, hostKey }, order("echo in"));
    expect(outcome.stdout).toBe("in");
  });

  it("fails at once when a key is none", async () => {
    const { connection } = server.current;
    const pinned = { ...connection, hostKey: "ssh-ed25519" };
    expect(await failureOf(runRemote(pinned, order("true")))).toContain("not a public key");
    const login = { ...connection, privateKey: "-----BEGIN" };
    expect(await failureOf(runRemote(login, order("true")))).toContain("private key is unusable");
    expect(server.current.connections).toBe(0);
  });

  it("tries a closed port as often as it may and says so", async () => {
    const { connection } = server.current;
    await server.current.close();
    const pause = noPause();
    const error = await failureOf(runRemote(connection, order("true"), pause));
    expect(error).toMatch(/^127\.0\.0\.1:\d+ cannot be reached over SSH: 3 tries in [\d.]+ s/);
    expect(error).toContain("ECONNREFUSED");
    expect(pause.count).toBe(2);
    expect(said[0]).toContain("(try 1 of 3)");
  });

  it("reaches a server that comes up meanwhile", async () => {
    const { connection, port } = server.current;
    await server.current.close();
    server.current = new TestServer();
    const pause = async (): Promise<void> => {
      await server.current.listen(port);
    };
    const open = { ...connection, hostKey: server.current.hostKey };
    expect((await runRemote(open, order("echo up"), pause)).stdout).toBe("up");
  });

  it("bears with refused logins for a while, not for long", async () => {
    const { connection } = server.current;
    server.current.refusals = 2;
    const patient = { ...connection, dialErrorLimit: 20 };
    expect((await runRemote(patient, order("echo in"), noPause())).stdout).toBe("in");
    server.current.refusals = 20;
    const error = await failureOf(runRemote(patient, order("true"), noPause()));
    expect(error).toContain("3 tries");
    expect(error).toContain("the login as pi is refused");
    expect(error).not.toContain(String(connection.password));
  });

  it("bounds the time of one try", async () => {
    const silent = { ...server.current.connection, perDialTimeout: 0.05, dialErrorLimit: 0 };
    const mute = await listenMute();
    const error = await failureOf(runRemote({ ...silent, port: mute.port }, order("true")));
    mute.close();
    expect(error).toContain("1 try");
    expect(error).toContain("Timed out");
  });

  it("goes through a proxy, both keys pinned", async () => {
    const proxy = new TestServer();
    await proxy.listen();
    const connection = { ...server.current.connection, proxy: proxy.connection };
    expect((await runRemote(connection, order("echo through"))).stdout).toBe("through");
    expect([proxy.connections, server.current.connections]).toEqual([1, 1]);
    expect(proxy.commands).toEqual([]);
    await proxy.close();
  });

  it("ends when it is cancelled", async () => {
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
    expect(await failureOf(runRemote(endless, waiting))).toContain("cancelled after 1 tries");
  });
});

async function failureOf(run: Promise<unknown>): Promise<string> {
  return run.then(
    () => "it did not fail",
    (error: unknown) => (error as Error).message,
  );
}

function printOf(publicKey: string): string {
  return fingerprint(Buffer.from(publicKey.split(" ")[1] ?? "", "base64"));
}

/** A server that takes connections and never says a word. */
async function listenMute(): Promise<{ port: number; close: () => void }> {
  const mute = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  const { port } = mute.address() as AddressInfo;
  return { port, close: () => mute.close() };
}
