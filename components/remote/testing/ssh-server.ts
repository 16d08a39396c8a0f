/** An SSH server in this process, which takes one key and runs commands for real. */
import { spawn } from "node:child_process";
import { createServer, connect, type AddressInfo, type Server } from "node:net";

import ssh2, { type Connection as Peer } from "ssh2";

import type { End } from "../ssh/visit.ts";

/** A key pair; the library makes one in some hundreds that it cannot read itself. */
export function generateKey(): { public: string; private: string } {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(key.private) instanceof Error)) {
      return key;
    }
  }
}

/** What is wrong with a server; nothing by default. */
export interface Faults {
  /** What the login shell does before it comes to a command. */
  readonly profile?: string;
  /** Whether it opens no connections to others. */
  readonly forwardsNothing?: boolean;
}

export class SshServer {
  /** Connections that reached the server. */
  connections = 0;
  /** Logins that it refuses before it lets one in. */
  refusals = 0;
  readonly hostKey: string;
  private readonly server: ssh2.Server;
  private readonly peers = new Set<Peer>();

  constructor(
    private readonly operator: { public: string; private: string },
    private readonly faults: Faults = {},
  ) {
    const own = generateKey();
    this.hostKey = own.public;
    this.server = new ssh2.Server({ hostKeys: [own.private] }, (peer) => {
      this.connections += 1;
      this.serve(peer);
    });
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => {
      this.server.listen(0, "127.0.0.1", resolve);
    });
    return this;
  }

  /** The way to this server, its key pinned. */
  get end(): Required<Pick<End, "host" | "port" | "user" | "privateKey" | "hostKey">> & End {
    const { port } = this.server.address() as AddressInfo;
    const { private: privateKey } = this.operator;
    return { host: "127.0.0.1", port, user: "pi", privateKey, hostKey: this.hostKey };
  }

  async close(): Promise<void> {
    for (const peer of this.peers) {
      peer.end();
    }
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private serve(peer: Peer): void {
    this.peers.add(peer);
    peer.on("close", () => {
      this.peers.delete(peer);
    });
    peer.on("error", () => undefined);
    const known = ssh2.utils.parseKey(this.operator.public);
    peer.on("authentication", (attempt) => {
      const isKnown =
        attempt.method === "publickey" &&
        !(known instanceof Error) &&
        attempt.key.data.equals(known.getPublicSSH());
      if (isKnown && this.refusals === 0) {
        attempt.accept();
      } else {
        this.refusals -= isKnown ? 1 : 0;
        attempt.reject(["publickey"]);
      }
    });
    peer.on("session", (accept) => {
      accept().on("exec", (take, _reject, { command }) => {
        const channel = take();
        const { profile = "" } = this.faults;
        const child = spawn("bash", ["-c", `${profile}\n${command}`], {
          stdio: ["pipe", "pipe", "ignore"],
        });
        child.stdin.on("error", () => undefined);
        channel.pipe(child.stdin);
        child.stdout.pipe(channel, { end: false });
        child.on("close", (code) => {
          channel.exit(code ?? 255);
          channel.end();
        });
      });
    });
    peer.on("tcpip", (accept, reject, { destIP, destPort }) => {
      if (this.faults.forwardsNothing === true) {
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
}

/** A server that takes connections and never says a word. */
export async function listenMute(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}
