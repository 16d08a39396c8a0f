/**
 * The forwarder's half inside the lab: takes connections from a Unix socket and passes each on to a
 * server of the website. A server that stops answering loses its connections, so that a browser asks
 * again and is served by another one.
 *
 * Usage: node --import tsx lab/forwarder/inside.ts <socket> <targets.json>
 */
import { readFileSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";

import { nameOfTarget, Rotation, type Target } from "./rotation.ts";

/** How long a server may take to accept a connection, in milliseconds. */
const PATIENCE = 1000;

/** Interval of health checks, in milliseconds. */
const HEARTBEAT = 2000;

/** Passes connections on; exported for its tests. */
export class Inside {
  readonly rotation = new Rotation();
  readonly #open = new Map<string, Set<Socket>>();
  #readAt = -1;

  /** @param targetsFile JSON list of targets; read again whenever it changes */
  constructor(private readonly targetsFile: string) {}

  /** Passes one connection on to the first server that accepts it. */
  async pass(client: Socket): Promise<void> {
    client.on("error", () => client.destroy());
    this.#readTargets();
    for (const target of this.rotation.order()) {
      const server = await dial(target);
      this.rotation.mark(target, server !== undefined);
      if (server !== undefined) {
        this.#join(client, server, nameOfTarget(target));
        return;
      }
    }
    // Nobody answers: a closed connection says so at once, where silence would hang the browser.
    client.destroy();
  }

  /** Looks at every server and cuts the connections of those that do not answer. */
  async heartbeat(): Promise<void> {
    this.#readTargets();
    await Promise.all(
      this.rotation.targets.map(async (target) => {
        const probe = await dial(target);
        probe?.destroy();
        this.rotation.mark(target, probe !== undefined);
        if (probe === undefined) {
          for (const socket of this.#open.get(nameOfTarget(target)) ?? []) {
            socket.destroy(new Error(`${nameOfTarget(target)} does not answer`));
          }
        }
      }),
    );
  }

  #join(client: Socket, server: Socket, name: string): void {
    const open = this.#open.get(name) ?? new Set();
    this.#open.set(name, open.add(server));
    server.once("close", (broken) => {
      open.delete(server);
      // After an orderly end the client is still taking what was sent last.
      if (broken) {
        client.destroy();
      }
    });
    client.once("close", () => server.destroy());
    server.on("error", () => server.destroy());
    client.pipe(server).pipe(client);
  }

  #readTargets(): void {
    const changed = statSync(this.targetsFile).mtimeMs;
    if (changed !== this.#readAt) {
      this.#readAt = changed;
      this.rotation.set(JSON.parse(readFileSync(this.targetsFile, "utf8")) as Target[]);
    }
  }
}

function dial({ host, port }: Target): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true, timeout: PATIENCE });
    const give = (result: Socket | undefined): void => {
      socket.removeAllListeners();
      socket.setTimeout(0);
      if (result === undefined) {
        socket.destroy();
      }
      resolve(result);
    };
    socket.once("connect", () => {
      give(socket);
    });
    socket.once("timeout", () => {
      give(undefined);
    });
    socket.once("error", () => {
      give(undefined);
    });
  });
}

if (process.argv[1] === import.meta.filename) {
  const [path, targetsFile] = process.argv.slice(2);
  if (path === undefined || targetsFile === undefined) {
    process.stderr.write("usage: inside.ts <socket> <targets.json>\n");
    process.exit(2);
  }
  const inside = new Inside(targetsFile);
  rmSync(path, { force: true });
  createServer({ allowHalfOpen: true }, (client) => void inside.pass(client)).listen(path);
  setInterval(() => void inside.heartbeat(), HEARTBEAT);
}
