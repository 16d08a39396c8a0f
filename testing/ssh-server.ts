/** An SSH server in this process that runs commands for real, on a free port of the loopback. */
import { spawn } from "node:child_process";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";

import ssh2, { type AuthContext, type Connection as Peer, type Session } from "ssh2";

import { mayStayUnread } from "../lab/stand-ins/command/input.ts";

const PASSWORD = "open sesame";

/** A pair of keys as SSH writes them. */
export interface KeyPair {
  readonly public: string;
  readonly private: string;
}

/** A key pair; the library makes one in some hundreds that it cannot read itself. */
export function generateKey(): KeyPair {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(key.private) instanceof Error)) {
      return key;
    }
  }
}

/** How a server differs from one that takes a password and works. */
export interface SshServerOptions {
  /** The one key that may log in; default none: a password may. */
  readonly operator?: KeyPair;
  /** What the login shell does before it comes to a command; default nothing. */
  readonly profile?: string;
  /** Whether it opens no connections to others; default false. */
  readonly forwardsNothing?: boolean;
}

/** The way to a server, its key pinned: the fields of the command provider's connection. */
export interface WayIn {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
  readonly dialErrorLimit: number;
  /** Either of these two. */
  readonly privateKey?: string;
  readonly password?: string;
}

export class SshServer {
  /** Connections that reached the server, commands that it ran, and signals that clients sent. */
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

  constructor(private readonly options: SshServerOptions = {}) {
    const own = generateKey();
    this.hostKey = own.public;
    // The library hears signals only until the input has ended; its debug output tells of all.
    const debug = (message: string): void => {
      const name = /Inbound: CHANNEL_REQUEST \(r:\d+, signal: (\w+)\)/.exec(message)?.[1];
      if (name !== undefined) {
        this.signals.push(name);
      }
    };
    this.server = new ssh2.Server({ hostKeys: [own.private], debug }, (peer) => {
      this.connections += 1;
      this.serve(peer);
    });
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(port, "127.0.0.1", resolve);
    });
    return this;
  }

  get connection(): WayIn {
    const { port } = this.server.address() as AddressInfo;
    const { operator } = this.options;
    const login =
      operator === undefined ? { password: PASSWORD } : { privateKey: operator.private };
    const { hostKey } = this;
    return { host: "127.0.0.1", port, user: "pi", hostKey, dialErrorLimit: 2, ...login };
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

  private serve(peer: Peer): void {
    this.peers.add(peer);
    // Left out of the library's types; without it each message waits for the last one's receipt.
    (peer as Peer & { setNoDelay: (on: boolean) => void }).setNoDelay(true);
    peer.on("close", () => {
      this.peers.delete(peer);
    });
    // A client that goes without a word is what some tests are about.
    peer.on("error", () => undefined);
    peer.on("authentication", (attempt) => {
      const isKnown = this.knows(attempt);
      this.refusals -= isKnown ? 1 : 0;
      if (isKnown && this.refusals < 0) {
        attempt.accept();
      } else {
        attempt.reject([this.options.operator === undefined ? "password" : "publickey"]);
      }
    });
    peer.on("session", (accept) => {
      this.open(accept());
    });
    peer.on("tcpip", (accept, reject, { destIP, destPort }) => {
      if (this.options.forwardsNothing === true) {
        reject();
        return;
      }
      const socket = connect(destPort, destIP);
      socket.once("connect", () => {
        const channel = accept();
        channel.on("error", () => undefined);
        channel.pipe(socket).pipe(channel);
      });
      socket.on("error", () => {
        reject();
      });
    });
  }

  private knows(attempt: AuthContext): boolean {
    const { operator } = this.options;
    if (operator === undefined) {
      return attempt.method === "password" && attempt.password === PASSWORD;
    }
    const known = ssh2.utils.parseKey(operator.public);
    return (
      attempt.method === "publickey" &&
      !(known instanceof Error) &&
      attempt.key.data.equals(known.getPublicSSH())
    );
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
      const { profile = "" } = this.options;
      const child = spawn("/bin/sh", ["-c", `${profile}\n${command}`], {
        env: { PATH: process.env["PATH"], ...env },
      });
      mayStayUnread(child.stdin);
      channel.on("error", () => undefined);
      channel.pipe(child.stdin);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on("close", (code, signal) => {
        if (code === null) {
          channel.exit(signal?.slice(3) ?? "");
        } else {
          channel.exit(code);
        }
        channel.end();
      });
    });
  }
}

/** A server that takes connections and never says a word. */
export async function listenMute(): Promise<{
  readonly port: number;
  /** Resolves with the first connection. */
  readonly taken: Promise<void>;
  /** Ends it, and every connection with it. */
  readonly close: () => void;
}> {
  const sockets: Socket[] = [];
  const server = createServer();
  const taken = new Promise<void>((resolve) => {
    server.on("connection", (socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.resume();
      resolve();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const close = (): void => {
    server.close();
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return { port: (server.address() as AddressInfo).port, taken, close };
}
