/** The website on a port of its own, upon a store in memory. */
import { App, type AppLimits } from "../app.ts";
import { asset } from "../assets.ts";
import { listen, type Listening } from "../server.ts";
import { MemoryStore } from "./memory-store.ts";

/** A website under test; `await using` ends it. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly store: MemoryStore;
  readonly lines: readonly string[];
  readonly app: App;
  readonly listening: Listening;
}

export async function serve(limits: Partial<AppLimits> = {}): Promise<Served> {
  const lines: string[] = [];
  const store = new MemoryStore();
  const app = new App({
    settings: { pod: "pod-1", node: "node-1" },
    store,
    assets: {
      style: asset("/style.css", "text/css", Buffer.from("body{}")),
      script: asset("/poll.js", "text/javascript", Buffer.from("export {};")),
    },
    log: (line) => lines.push(line),
    limits,
  });
  const listening = await listen(app, "127.0.0.1", 0);
  return {
    url: `http://127.0.0.1:${listening.port}`,
    store,
    lines,
    app,
    listening,
    [Symbol.asyncDispose]: () => listening.drain(0),
  };
}

/** Sends a vote as a program does. */
export function castJson(url: string, body: unknown): Promise<Response> {
  return fetch(`${url}/api/votes`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** Sends a vote as a page without scripts does. */
export function castForm(url: string, body: string): Promise<Response> {
  return fetch(`${url}/votes`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body,
    redirect: "manual",
  });
}
