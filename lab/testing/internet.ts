/**
 * An internet of a test's own: one server on the loopback that answers for every host. The client under test
 * keeps its own addresses and rules; only where its requests go is changed.
 */
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

import type { Fetch } from "../toolchain/web.ts";

/** A request that has arrived. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

type Handler = (response: ServerResponse, asked: Asked) => void;

/** Hosts and what they answer; what nobody has put there is 404. */
export class Internet implements AsyncDisposable {
  readonly asked: Asked[] = [];
  readonly #routes = new Map<string, Handler>();
  readonly #server: Server;
  #base = "";

  private constructor() {
    this.#server = createServer((request, response) => {
      const url = decodeURIComponent((request.url ?? "").slice("/?".length));
      const asked = { method: request.method ?? "", url, headers: request.headers };
      this.asked.push(asked);
      const handler = this.#routes.get(url) ?? ((answer) => answer.writeHead(404).end("Not Found"));
      handler(response, asked);
    });
  }

  /** An internet without a single page. */
  static async start(): Promise<Internet> {
    const internet = new Internet();
    await new Promise<void>((resolve) => internet.#server.listen(0, "127.0.0.1", resolve));
    const { port } = internet.#server.address() as AddressInfo;
    internet.#base = `http://127.0.0.1:${port}/?`;
    return internet;
  }

  /** Sends a request here, whatever its host is. */
  readonly fetch: Fetch = (url, init) =>
    globalThis.fetch(`${this.#base}${encodeURIComponent(url)}`, init);

  /** Puts something at an address. */
  on(url: string, handler: Handler): this {
    this.#routes.set(url, handler);
    return this;
  }

  /** Puts a file at an address. */
  file(url: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): this {
    return this.on(url, (response) => {
      const size = { "Content-Length": Buffer.byteLength(body) };
      response.writeHead(200, { ...size, ...headers }).end(body);
    });
  }

  /** Answers with a status and nothing else. */
  status(url: string, status: number): this {
    return this.on(url, (response) => response.writeHead(status).end());
  }

  /** Leads to another address, as GitHub does for files of releases. */
  redirect(url: string, to: string, status = 302): this {
    return this.on(url, (response) => response.writeHead(status, { Location: to }).end());
  }

  /** Promises `total` bytes, sends what there is, and hangs up. */
  cutOff(url: string, body: string, total: number): this {
    return this.on(url, (response) => {
      response.writeHead(200, { "Content-Length": total });
      response.write(body, () => response.destroy());
    });
  }

  /** Sends what there is, and then nothing, for ever. */
  hang(url: string, body?: string): this {
    return this.on(url, (response) => {
      if (body !== undefined) {
        response.writeHead(200, { "Content-Length": body.length + 1 }).write(body);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
