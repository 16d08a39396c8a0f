import { afterEach, describe, expect, it } from "vitest";

import {
  generateKey,
  listenMute,
  SshServer,
  type SshServerOptions,
} from "../../testing/ssh-server.ts";
import { lookAt, type Way } from "./look.ts";

const operator = generateKey();
const stranger = generateKey();
const open: { close: () => unknown }[] = [];
const PI = { machine: "raspberrypi", tier: "edge" } as const;

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(options: SshServerOptions = {}): Promise<SshServer> {
  const server = await new SshServer({ operator, ...options }).listen();
  open.push(server);
  return server;
}

/** Looks without waiting between tries. */
async function look(
  way: Way,
  place: Parameters<typeof lookAt>[0] = PI,
): Promise<{ why: string; said: string[] }> {
  const said: string[] = [];
  const looking = { say: (text: string) => said.push(text), pause: () => Promise.resolve() };
  const why = await lookAt(place, { dialErrorLimit: 2, ...way }, looking).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );
  return { why, said };
}

describe("a look at a machine's SSH", () => {
  it("finds nothing to say where a step would run", async () => {
    const server = await serve();
    expect(await look(server.connection)).toEqual({ why: "", said: [] });
    expect(server.connections).toBe(1);
  });

  it("is not misled by what a login shell prints", async () => {
    const server = await serve({ profile: 'echo "Welcome to raspberrypi"' });
    expect((await look(server.connection)).why).toBe("");
  });

  it("says that nothing listens, after as many tries as a step would make", async () => {
    const server = await serve();
    const { connection } = server;
    await server.close();
    const { why, said } = await look(connection);
    expect(why).toContain(
      `SSH of raspberrypi at 127.0.0.1:${connection.port}: nothing listens there`,
    );
    expect(why).toContain("3 tries");
    expect(why).toContain("sudo systemctl enable --now ssh");
    expect(said).toHaveLength(2);
    expect(said[0]).toContain("waiting for SSH, try 1 of 3");
  });

  it("ends where a server takes the connection and never sends its banner", async () => {
    const mute = await listenMute();
    open.push(mute);
    const way = { host: "127.0.0.1", port: mute.port, perDialTimeout: 0.05, dialErrorLimit: 1 };
    const { why } = await look(way);
    expect(why).toContain("takes the connection, but its SSH server says nothing");
    expect(why).toContain("2 tries");
  });

  it("refuses another host key at once, with both fingerprints", async () => {
    const server = await serve();
    const { why, said } = await look({ ...server.connection, hostKey: stranger.public });
    expect(why.match(/SHA256:[A-Za-z0-9+/]{43} \(ssh-ed25519\)/g)).toHaveLength(2);
    expect(why).toContain("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    expect(said).toEqual([]);
  });

  it("does not advise to pin another key for a machine of the cloud", async () => {
    const server = await serve();
    const cloud = { machine: "MasterNode", tier: "cloud" } as const;
    const { why } = await look({ ...server.connection, hostKey: stranger.public }, cloud);
    expect(why).toContain("do not go on before you know who answers");
  });

  it("bears with refused logins for a while, as of a machine that boots, and then names the key", async () => {
    const server = await serve();
    server.refusals = 2;
    expect((await look({ ...server.connection, dialErrorLimit: 20 })).why).toBe("");
    const end = { ...server.connection, privateKey: stranger.private, dialErrorLimit: 20 };
    const { why } = await look(end);
    expect(why).toContain("refuses the login as pi with the key of fogline:operator.sshKey");
    expect(why).toContain("ssh-copy-id");
    expect(why).toContain("5 tries");
    expect(why).not.toContain(stranger.private.split("\n")[1]);
  });

  it("finds a login shell that ends before it runs a command", async () => {
    const server = await serve({ profile: "echo hello; exit 0" });
    const { why } = await look(server.connection);
    expect(why).toContain("the login shell of pi runs no command");
  });

  it("names a host that no name server knows", async () => {
    const { why } = await look({ host: "no-such-host.invalid", dialErrorLimit: 0 });
    expect(why).toContain("no name server knows no-such-host.invalid");
  });

  it("finds a private key that nobody can use, before it connects", async () => {
    const server = await serve();
    const { why } = await look({ ...server.connection, privateKey: "-----BEGIN" });
    expect(why).toContain("the private key of fogline:operator.sshKey cannot be used");
    expect(server.connections).toBe(0);
  });

  it("goes through the jump host, and says which of the two is wrong", async () => {
    const [hop, server] = await Promise.all([serve(), serve()]);
    expect((await look({ ...server.connection, proxy: hop.connection })).why).toBe("");
    const badHop = { ...hop.connection, hostKey: stranger.public };
    expect((await look({ ...server.connection, proxy: badHop })).why).toContain(
      `SSH of the jump host of raspberrypi at 127.0.0.1:${hop.connection.port}: it shows the host key`,
    );
    const badEnd = { ...server.connection, hostKey: stranger.public };
    expect((await look({ ...badEnd, proxy: hop.connection })).why).toContain(
      `SSH of raspberrypi at 127.0.0.1:${server.connection.port}: it shows the host key`,
    );
  });

  it("says so where the jump host does not open the way", async () => {
    const [hop, server] = await Promise.all([serve({ forwardsNothing: true }), serve()]);
    const { why } = await look({ ...server.connection, proxy: hop.connection });
    expect(why).toContain("the jump host does not open the way to it");
    expect(why).toContain("AllowTcpForwarding");
  });

  it("asks no agent, whatever SSH_AUTH_SOCK says", async () => {
    const server = await serve();
    const before = process.env["SSH_AUTH_SOCK"];
    process.env["SSH_AUTH_SOCK"] = "/nonexistent/agent";
    try {
      expect((await look(server.connection)).why).toBe("");
    } finally {
      if (before === undefined) {
        delete process.env["SSH_AUTH_SOCK"];
      } else {
        process.env["SSH_AUTH_SOCK"] = before;
      }
    }
  });
});
