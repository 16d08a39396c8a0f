import { createServer, type AddressInfo } from "node:net";
import { generateKeyPairSync } from "node:crypto";

import ssh2, { type Connection as ServerConnection } from "ssh2";
import { afterEach, describe, expect, it } from "vitest";

import { CommandProvider } from "./provider.ts";
import { runLocal } from "./local.ts";
import { HostKeyError, runRemote, type Connection } from "./ssh.ts";
import type { Order } from "./outcome.ts";

const REMOTE = "urn:pulumi:lab::fogline::command:remote:Command::step";
const servers: ssh2.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
  }
});

function hostKey(): { privateKey: string; pinned: string } {
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const privateKey = pair.privateKey.export({ type: "pkcs1", format: "pem" }).toString();
  const parsed = ssh2.utils.parseKey(privateKey);
  if (parsed instanceof Error) {
    throw parsed;
  }
  return { privateKey, pinned: `ssh-rsa ${parsed.getPublicSSH().toString("base64")}` };
}

/** An SSH server that answers every command by what `answer` makes of command and stdin. */
async function serve(
  answer: (command: string, stdin: string) => { code: number; stdout?: string; stderr?: string },
): Promise<{ connection: Connection; pinned: string }> {
  const key = hostKey();
  const server = new ssh2.Server({ hostKeys: [key.privateKey] }, (client: ServerConnection) => {
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      context.accept();
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        const channel = acceptExec();
        let stdin = "";
        channel.on("data", (part: Buffer) => (stdin += part.toString()));
        channel.on("end", () => {
          const { code, stdout, stderr } = answer(command, stdin);
          channel.stderr.write(stderr ?? "");
          channel.write(stdout ?? "");
          channel.exit(code);
          channel.end();
        });
      });
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const connection = { host: "127.0.0.1", port, user: "pi", password: "x", dialErrorLimit: 1 };
  return { connection: { ...connection, hostKey: key.pinned }, pinned: key.pinned };
}

function order(command: string, stdin?: string): Order {
  return {
    command,
    stdin,
    environment: {},
    onLine: () => undefined,
    signal: new AbortController().signal,
  };
}

describe("a remote command", () => {
  it("gets its input by stdin and gives back what it prints", async () => {
    const { connection } = await serve((command, stdin) => ({
      code: 0,
      stdout: `${command}: ${stdin.length}\n`,
    }));
    const big = "x".repeat(1024 * 1024);
    const ran = await runRemote(connection, order("count", big), () => undefined);
    expect(ran.stdout).toBe(`count: ${big.length}`);
  });

  it("that fails names the machine, its exit code and the last lines", async () => {
    const { connection } = await serve(() => ({ code: 3, stderr: "no space left\n" }));
    const run = runRemote(connection, order("install", "secret"), () => undefined);
    await expect(run).rejects.toThrow(/127\.0\.0\.1.*exit code 3\nno space left/s);
    await expect(run).rejects.not.toThrow(/secret/);
  });

  it("refuses another host key than the pinned one, at once", async () => {
    const { connection } = await serve(() => ({ code: 0 }));
    const wrong = { ...connection, hostKey: hostKey().pinned, dialErrorLimit: 5 };
    const tries: string[] = [];
    const run = runRemote(wrong, order("true"), (message) => tries.push(message));
    await expect(run).rejects.toThrow(HostKeyError);
    await expect(run).rejects.toThrow(/shows the host key SHA256:.*not the pinned SHA256:/);
    expect(tries).toEqual([]);
  });

  it("gives up after so many dials and says why", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const run = runRemote(
      { host: "127.0.0.1", port, dialErrorLimit: 2 },
      order("true"),
      () => undefined,
    );
    await expect(run).rejects.toThrow(/cannot be reached over SSH: 2 tries .*ECONNREFUSED/);
  });
});

describe("a local command", () => {
  it("has its environment and input", async () => {
    const ran = await runLocal(
      {},
      { ...order('cat; printf %s "$NAME"', "in "), environment: { NAME: "value" } },
    );
    expect(ran.stdout).toBe("in value");
  });

  it("that fails shows its last lines", async () => {
    await expect(runLocal({}, order("echo broken >&2; exit 4"))).rejects.toThrow(
      /exit code 4\nbroken/,
    );
  });
});

describe("the command stand-in", () => {
  const provider = new CommandProvider(() => undefined);
  const inputs = { create: "a", delete: "c", stdin: "text", triggers: [1] };

  it("sees no change in equal inputs, whatever it printed", async () => {
    const same = await provider.diff("id", REMOTE, { ...inputs, stdout: "x" }, inputs);
    expect(same.changes).toBe(false);
  });

  it("replaces on a trigger and updates on anything else", async () => {
    const trigger = await provider.diff("id", REMOTE, inputs, { ...inputs, triggers: [2] });
    expect(trigger.replaces).toEqual(["triggers"]);
    const text = await provider.diff("id", REMOTE, inputs, { ...inputs, stdin: "other" });
    expect([text.changes, text.replaces]).toEqual([true, []]);
  });

  it("runs create again when there is no update", async () => {
    const { connection } = await serve((command) => ({ code: 0, stdout: command }));
    const news = { ...inputs, connection };
    const updated = await provider.update("id", REMOTE, news, news);
    expect(updated.outs).toMatchObject({ stdout: "a" });
  });

  it("ends what runs when the engine cancels", async () => {
    const cancelling = new CommandProvider(() => undefined);
    const urn = REMOTE.replace("remote", "local");
    const run = cancelling.create(urn, { create: "sleep 60" });
    const ended = expect(run).rejects.toThrow();
    await cancelling.cancel();
    await ended;
  });

  it("refuses a field of the connection by name that it does not support", async () => {
    const checked = await provider.check(REMOTE, {}, { connection: { host: "h", proxy: {} } });
    expect(checked.failures).toEqual([expect.objectContaining({ property: "proxy" })]);
  });
});
