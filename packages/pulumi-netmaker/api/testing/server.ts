/** An HTTP server that answers as a test tells it, and a clock that does not wait. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { NetmakerClient, type ClientOptions } from "../index.ts";
import type { Clock } from "../clock.ts";

/** What arrived. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

/** Answers one request. */
export type Answering = (response: ServerResponse, request: Received) => void;

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** Every request, in the order of arrival. */
  readonly received: readonly Received[];
  /** The paths of the requests other than logins. */
  readonly paths: () => string[];
}

/** A status and JSON, as the API writes them. */
export function json(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): Answering {
  return (response) => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

/** An error of the API. */
export function apiError(status: number, message: string): Answering {
  return json(status, { Code: status, Message: message, Response: null });
}

/** The answer to a login. */
export function loggedIn(token: string): Answering {
  const Response = { UserName: "admin", AuthToken: token };
  return json(200, { Code: 200, Message: "W1R3: Device admin Authorized", Response });
}

/**
 * Starts a server that answers requests one after another as listed, the last answer again and again.
 *
 * @param logins what logins are answered with, beside the other requests
 */
export async function answering(
  answers: readonly Answering[],
  logins: readonly Answering[] = [loggedIn("token-1")],
): Promise<TestServer> {
  const received: Received[] = [];
  const queues = { login: [...logins], other: [...answers] };
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const url = request.url ?? "";
      const arrived = {
        method: request.method ?? "",
        url,
        token: request.headers.authorization?.replace("Bearer ", ""),
        body,
      };
      received.push(arrived);
      const queue = queues[isLogin(url) ? "login" : "other"];
      const next = queue.length > 1 ? queue.shift() : queue[0];
      next?.(response, arrived);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    paths: () => received.map(({ url }) => url).filter((url) => !isLogin(url)),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function isLogin(url: string): boolean {
  return url === "/api/users/adm/authenticate";
}

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  return text === "" ? undefined : JSON.parse(text);
}

/** A clock on which sleeping takes no time; it notes how long was slept. */
export class TestClock implements Clock {
  readonly slept: number[] = [];
  #now = 0;

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    this.slept.push(milliseconds);
    this.#now += milliseconds;
    return Promise.resolve();
  }

  random(): number {
    return 0.5;
  }
}

export const PASSWORD = "correct horse battery staple";

/** A client of a test's server, whose repetitions take no time. */
export function clientOf(url: string, options: Partial<ClientOptions> = {}): NetmakerClient {
  return new NetmakerClient({
    url,
    credentials: { username: "admin", password: PASSWORD },
    clock: new TestClock(),
    ...options,
  });
}
