/** An HTTP proxy between a provider and its server that injects faults. */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A fault of one call. With `drop-reply` the server handles the request and the client gets no reply; with
 * `reset` the client's connection is closed instead; with `truncate` it is closed within the reply. A
 * status and a body are sent without asking the server.
 */
export type Fault =
  "pass" | "drop-reply" | "reset" | "truncate" | { readonly status: number; readonly body: string };

/** Chooses the fault of a call before the server sees it. */
export type FaultFor = (method: string, path: string) => Fault;

export class FaultyProxy implements AsyncDisposable {
  faultFor: FaultFor = () => "pass";
  /** Called when the server has handled a request whose reply is dropped. */
  onDropped: () => void = () => undefined;
  private readonly server = createServer((incoming, outgoing) => {
    this.handle(incoming, outgoing);
  });

  private constructor(private readonly target: string) {}

  static async before(target: string): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = "", url: path = "", headers } = incoming;
    const fault = this.faultFor(method, path);
    if (typeof fault === "object") {
      incoming.resume();
      outgoing.writeHead(fault.status).end(fault.body);
      return;
    }
    const forwarded = request(new URL(path, this.target), { method, headers }, (answer) => {
      if (fault === "drop-reply") {
        answer.resume().on("end", () => {
          this.onDropped();
        });
        return;
      }
      if (fault === "reset") {
        answer.resume().on("end", () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (fault === "truncate") {
        answer.once("data", (chunk: Buffer) => {
          outgoing.write(chunk.subarray(0, chunk.length / 2), () => outgoing.destroy());
        });
        return;
      }
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  }
}
