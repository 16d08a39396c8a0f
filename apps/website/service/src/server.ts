/** The website on a port: time limits, and an end that loses no request. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import type { App } from "./app.ts";

/** Time limits, milliseconds. */
const LIMITS = {
  headers: 10_000,
  request: 15_000,
  /** Longer than proxies keep idle connections, so that it is not us who cut one as it is used. */
  keepAlive: 120_000,
  /** Requests that still run when accepting has ended may take this long. */
  finish: 15_000,
} as const;

/** A website that listens. */
export interface Listening {
  readonly port: number;
  /**
   * Ends it: readiness fails at once, requests are accepted for `seconds` more, running ones are
   * finished, at most for 15 s.
   */
  drain(seconds: number): Promise<void>;
}

/** Starts listening; rejects when the port cannot be had. */
export async function listen(app: App, host: string, port: number): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: LIMITS.headers,
      requestTimeout: LIMITS.request,
      keepAliveTimeout: LIMITS.keepAlive,
      connectionsCheckingInterval: 2_000,
      noDelay: true,
    },
    (request, response) => void app.handle(request, response),
  );
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    drain: async (seconds) => {
      app.drain();
      await delay(seconds * 1000);
      await close(server);
    },
  };
}

async function close(server: Server): Promise<void> {
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, LIMITS.finish);
  // Closes idle connections as well; the others close after their response.
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  clearTimeout(cut);
}
