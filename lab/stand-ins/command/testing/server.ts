/** An SSH server in this process that runs commands for real, on a free port of the loopback. */
import { spawn, type ChildProcess } from "node:child_process";
import { connect, type AddressInfo, type Socket } from "node:net";

import ssh2, { type AuthContext, type Connection as Peer, type Session } from "ssh2";

import type { Connection } from "../connection.ts";

/** Where OpenSSH keeps its file server. */
export const SFTP_SERVER = "/usr/lib/openssh/sftp-server";

const PASSWORD = "open sesame";

/** A key pair; the library makes one in some hundreds that it cannot read itself. */
export function generateKey(): { public: string; private: string } {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(key.private) instanceof Error)) {
      return key;
    }
  }
}

export class TestServer {
  /** Connections that reached the server, and commands that it ran. */
  connections = 0;
  readonly commands: string[] = [];
  readonly signals: string[] = [];
  /** Names of environment variables that it takes. */
  readonly accepts: string[] = [];
  /** Logins that it refuses before it lets one in. */
  refusals = 0;
  readonly hostKey: string;

  private readonly server: ssh2.Server;
  private readonly peers = new Set<Peer>();
  private readonly children = new Set<ChildProcess>();

  constructor(key = generateKey()) {
    this.hostKey = key.public;
    // The library hears signals only until the input has ended; its debug output tells of all.
    const debug = (message: string): void => {
      const name = /Inbound: CHANNEL_REQUEST \(r:\d+, signal: (\w+)\)/.exec(message)?.[1];
      if (name !== undefined) {
        this.signal(name);
      }
    };
    this.server = new ssh2.Server({ hostKeys: [key.private], debug }, (peer) => {
      this.connections += 1;
      this.serve(peer);
    });
  }

  /** @returns the port */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve) => {
      this.server.listen(port, "127.0.0.1", resolve);
    });
    return this.port;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The way to this server, its key pinned. */
  get connection(): Connection {
    const { port, hostKey } = this;
    return { host: "127.0.0.1", port, user: "pi", password: PASSWORD, hostKey, dialErrorLimit: 2 };
  }

  async close(): Promise<void> {
    this.dropAll();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  /** Cuts every connection. */
  dropAll(): void {
    for (const peer of this.peers) {
      peer.end();
    }
  }

  private signal(name: string): void {
    this.signals.push(name);
    for (const { pid = NaN } of this.children) {
      process.kill(-pid, `SIG${name}` as NodeJS.Signals);
    }
  }

  private serve(peer: Peer): void {
    this.peers.add(peer);
    // Left out of the library's types; without it each message waits for the last one's receipt.
    (peer as Peer & { setNoDelay: (on: boolean) => void }).setNoDelay(true);
    peer.on("close", () => {
      this.peers.delete(peer);
    });
    // A client that goes without a word is what some tests are about.
    peer.on("error", () => undefined);
    peer.on("authentication", (attempt: AuthContext) => {
      const isKnown = attempt.method === "password" && attempt.password === PASSWORD;
      this.refusals -= isKnown ? 1 : 0;
      if (isKnown && this.refusals < 0) {
        attempt.accept();
      } else {
        attempt.reject(["password"]);
      }
    });
    peer.on("ready", () => {
      peer.on("session", (accept) => {
        this.open(accept());
      });
      peer.on("tcpip", (accept, _reject, { destIP, destPort }) => {
        const channel = accept();
        const socket: Socket = connect(destPort, destIP);
        socket.on("error", () => {
          channel.close();
        });
        channel.pipe(socket).pipe(channel);
      });
    });
  }

  private open(session: Session): void {
    const env: Record<string, string> = {};
    session.on("env", (_accept, _reject, { key, val }) => {
      if (this.accepts.includes(key)) {
        env[key] = val;
      }
    });
    session.on("exec", (accept, _reject, { command }) => {
      this.commands.push(command);
      const channel = accept();
      const child = spawn("/bin/sh", ["-c", command], {
        env: { PATH: process.env["PATH"], ...env },
        detached: true,
      });
      this.children.add(child);
      child.stdin.on("error", () => undefined);
      channel.on("error", () => undefined);
      channel.pipe(child.stdin);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on("close", (code, signal) => {
        this.children.delete(child);
        if (code === null) {
          channel.exit(signal?.slice(3) ?? "");
        } else {
          channel.exit(code);
        }
        channel.end();
      });
    });
    session.on("subsystem", (accept) => {
      const channel = accept();
      const child = spawn(SFTP_SERVER, { stdio: ["pipe", "pipe", "inherit"] });
      channel.pipe(child.stdin);
      child.stdout.pipe(channel);
    });
  }
}
