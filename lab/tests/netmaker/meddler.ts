/** A server that meddles between a provider and the real one. */
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What becomes of a call; the server carries it out, and nobody hears of it: `swallow`, or hears that the
 * connection broke: `lose`.
 */
export type Meddling =
  "pass" | "swallow" | "lose" | "break" | { readonly status: number; readonly body: string };

/** Decides on a call before the server sees it. */
export type Judge = (method: string, path: string) => Meddling;

export class Meddler implements AsyncDisposable {
  judge: Judge = () => "pass";
  /** Called when the server has carried out what is swallowed. */
  swallowed: () => void = () => undefined;
  private readonly server = createServer((incoming, outgoing) => {
    this.handle(incoming, outgoing);
  });

  private constructor(private readonly target: string) {}

  static async before(target: string): Promise<Meddler> {
    const meddler = new Meddler(target);
    meddler.server.listen(0, "127.0.0.1");
    await once(meddler.server, "listening");
    return meddler;
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
    const meddling = this.judge(method, path);
    if (typeof meddling === "object") {
      incoming.resume();
      outgoing.writeHead(meddling.status).end(meddling.body);
      return;
    }
    const forwarded = request(new URL(path, this.target), { method, headers }, (answer) => {
      if (meddling === "swallow") {
        answer.resume().on("end", () => {
          this.swallowed();
        });
        return;
      }
      if (meddling === "lose") {
        answer.resume().on("end", () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      if (meddling === "break") {
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
