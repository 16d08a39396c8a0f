/** A network between a client and PostgreSQL that can lose connections without telling either end. */
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { DatabaseSettings } from "../settings.ts";

/** Passes bytes on between a Unix socket of its own and that of a server. */
export class Relay implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private readonly silent = new Set<Socket>();

  private constructor(
    private readonly folder: string,
    private readonly server: Server,
    /** How the database is reached through the relay. */
    readonly settings: DatabaseSettings,
  ) {}

  static async start(target: DatabaseSettings): Promise<Relay> {
    const folder = await mkdtemp(join(tmpdir(), "relay-"));
    await chmod(folder, 0o755);
    const path = (host: string): string => join(host, `.s.PGSQL.${target.port}`);
    const server = createServer((client) => {
      const upstream = connect(path(target.host));
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        relay.sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          relay.sockets.delete(socket);
          relay.silent.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
    const relay = new Relay(folder, server, { ...target, host: folder });
    server.listen(path(folder));
    await once(server, "listening");
    return relay;
  }

  /** What stands now falls silent, as when the machine at the other end is gone; new ones work. */
  forget(): void {
    for (const socket of this.sockets) {
      this.silent.add(socket);
      socket.unpipe();
      // What still comes is read and lost: an end that leaves is noticed.
      socket.resume();
    }
  }

  /** Whether anybody holds on to a connection that has fallen silent. */
  get isHeldOnTo(): boolean {
    return this.silent.size > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await closed;
    await rm(this.folder, { recursive: true });
  }
}
