/** The website's answers, without a port: what each path does. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import type { Asset, Assets } from "./assets.ts";
import { readFields } from "./body.ts";
import { renderPage, renderProblem } from "./page.ts";
import { ANSWERS, isAnswer, parseBallot, Refusal, resultsOf, type Ballot } from "./poll.ts";
import {
  redirect,
  RETRY_AFTER_SECONDS,
  send,
  sendHtml,
  sendJson,
  setCommonHeaders,
} from "./respond.ts";
import type { Settings } from "./settings.ts";
import { StoreOverloaded, StoreUnavailable, type Store } from "./store/store.ts";

/** Longest that the page waits for counts before it is sent with the last known ones. */
const PAGE_WAIT_MS = 500;

/** What a pod takes upon itself under load. */
export interface AppLimits {
  /** Most requests at work at the same moment; more are refused before they are read, but for probes. */
  readonly running: number;
  /**
   * Longest that a request waits for the store, milliseconds. The ingress controllers must be more
   * patient: a request that they give up goes to another pod, and overload would multiply itself.
   */
  readonly storeWaitMs: number;
}

export const LIMITS: AppLimits = { running: 1000, storeWaitMs: 4000 };

/** Ids of requests that are taken over from the client: safe to print, bounded in length. */
const REQUEST_ID = /^[\w.:-]{1,64}$/;

export interface AppParts {
  readonly settings: Pick<Settings, "pod" | "node">;
  readonly store: Store;
  readonly assets: Assets;
  /** Prints one line of the log. */
  readonly log: (line: string) => void;
  /** `LIMITS` by default. */
  readonly limits?: Partial<AppLimits>;
}

/** One request on its way through. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly query: URLSearchParams;
}

type Handler = (exchange: Exchange) => void | Promise<void>;

/** The website: hand `handle` to a server. */
export class App {
  private draining = false;
  private readonly limits: AppLimits;
  private readonly running = new Set<ServerResponse>();
  private known: Awaited<ReturnType<Store["tally"]>> | undefined;
  private readonly routes: Readonly<Record<string, Readonly<Record<string, Handler>>>>;

  constructor(private readonly parts: AppParts) {
    this.limits = { ...LIMITS, ...parts.limits };
    const { style, script } = parts.assets;
    this.routes = {
      "/": { GET: (exchange) => this.page(exchange) },
      "/votes": { POST: (exchange) => this.voteByForm(exchange) },
      "/api/votes": { POST: (exchange) => this.voteByJson(exchange) },
      "/api/results": { GET: (exchange) => this.results(exchange) },
      "/healthz": {
        GET: ({ response }) => {
          sendJson(response, 200, { status: "alive" });
        },
      },
      "/healthz/database": { GET: (exchange) => this.databaseHealth(exchange) },
      "/readyz": {
        GET: (exchange) => {
          this.readiness(exchange);
        },
      },
      "/style.css": { GET: assetHandler(style) },
      "/poll.js": { GET: assetHandler(script) },
    };
  }

  /** The process is to end: from now on it is not ready, and connections are closed after use. */
  drain(): void {
    this.draining = true;
    for (const response of this.running) {
      closeAfterUse(response);
    }
  }

  /** Answers one request; never rejects. */
  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const exchange: Exchange = {
      request,
      response,
      requestId: requestId(request),
      query: new URLSearchParams(query),
    };
    const { pod, node } = this.parts.settings;
    setCommonHeaders(response, { pod, node, requestId: exchange.requestId });
    this.running.add(response);
    response.once("close", () => this.running.delete(response));
    if (this.draining) {
      closeAfterUse(response);
    }
    try {
      if (this.running.size > this.limits.running && !isProbe(path)) {
        throw new StoreOverloaded("too many requests at the same moment");
      }
      await this.route(path, exchange)(exchange);
    } catch (error) {
      this.fail(path, exchange, error);
    }
    // What a refused request still sends is read and dropped, or its connection could not go on.
    request.resume();
  };

  private route(path: string, { request, response }: Exchange): Handler {
    const methods = Object.hasOwn(this.routes, path) ? this.routes[path] : undefined;
    if (methods === undefined) {
      throw new Refusal(404, "not-found", "There is no such page here.");
    }
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const handler = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (handler === undefined) {
      const allowed = Object.keys(methods).flatMap((name) =>
        name === "GET" ? [name, "HEAD"] : [name],
      );
      response.setHeader("Allow", allowed.join(", "));
      throw new Refusal(405, "wrong-method", `Use ${allowed.join(" or ")} here.`);
    }
    return handler;
  }

  private async page({ request, response, requestId, query }: Exchange): Promise<void> {
    const { settings, store, assets } = this.parts;
    if (request.method === "GET") {
      this.parts.log(
        `Incoming Request Received request=${requestId} pod=${settings.pod} node=${settings.node}`,
      );
    }
    let current = true;
    try {
      this.known = await within(PAGE_WAIT_MS, store.tally());
    } catch (error) {
      rethrowUnlessUnavailable(error);
      current = false;
    }
    const voted = query.get("voted") ?? "";
    sendHtml(
      response,
      200,
      renderPage({
        results: this.known === undefined ? undefined : resultsOf(this.known),
        current,
        thanksFor: isAnswer(voted) ? voted : undefined,
        ballot: randomUUID(),
        pod: settings.pod,
        node: settings.node,
        requestId,
        assets,
      }),
    );
  }

  private async voteByForm({ request, response }: Exchange): Promise<void> {
    const ballot = parseBallot(await readFields(request, "form"));
    try {
      await this.cast(ballot);
    } catch (error) {
      rethrowUnlessUnavailable(error);
      response.setHeader("Retry-After", RETRY_AFTER_SECONDS);
      const message = `${problemOf(error).message} Your vote is not counted yet.`;
      const { assets } = this.parts;
      sendHtml(response, 503, renderProblem({ status: 503, message, assets, again: ballot }));
      return;
    }
    redirect(response, `/?voted=${ballot.answer}#poll`);
  }

  private async voteByJson({ request, response }: Exchange): Promise<void> {
    const ballot = parseBallot(await readFields(request, "json"));
    await this.cast(ballot);
    sendJson(response, 201, { ballot: ballot.id, answer: ballot.answer });
  }

  private async cast(ballot: Ballot): Promise<void> {
    if ((await within(this.limits.storeWaitMs, this.parts.store.cast(ballot))) === "conflict") {
      const message = `This ballot was cast before, and not for ${ANSWERS[ballot.answer]}.`;
      throw new Refusal(409, "already-cast", message);
    }
  }

  private async results({ response }: Exchange): Promise<void> {
    this.known = await within(this.limits.storeWaitMs, this.parts.store.tally());
    sendJson(response, 200, resultsOf(this.known));
  }

  private async databaseHealth({ response }: Exchange): Promise<void> {
    await within(this.limits.storeWaitMs, this.parts.store.check());
    sendJson(response, 200, { status: "reachable" });
  }

  /**
   * Says nothing of the database: the page is worth serving without it, and a pod that left its
   * service for a lost database would take the page down with the votes.
   */
  private readiness({ response }: Exchange): void {
    const status = this.draining ? "draining" : "ready";
    sendJson(response, this.draining ? 503 : 200, { status });
  }

  private fail(path: string, { response, requestId }: Exchange, error: unknown): void {
    const problem = problemOf(error);
    if (problem.status === 500) {
      this.parts.log(
        `Request failed request=${requestId} path=${JSON.stringify(path)}: ${text(error)}`,
      );
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (problem.status === 503) {
      response.setHeader("Retry-After", RETRY_AFTER_SECONDS);
    }
    if (path.startsWith("/api/") || path.startsWith("/healthz")) {
      sendJson(response, problem.status, {
        error: { code: problem.code, message: problem.message },
      });
    } else {
      sendHtml(response, problem.status, renderProblem({ ...problem, assets: this.parts.assets }));
    }
  }
}

function assetHandler({ type, body }: Asset): Handler {
  return ({ response, query }) => {
    if (query.has("v")) {
      response.setHeader("Cache-Control", "public, max-age=31536000, immutable");
    }
    send(response, 200, type, body);
  };
}

/** Whether Kubernetes asks: refused for a moment's load, a pod would leave its service or be restarted. */
function isProbe(path: string): boolean {
  return path === "/healthz" || path === "/readyz";
}

function closeAfterUse(response: ServerResponse): void {
  if (!response.headersSent) {
    response.setHeader("Connection", "close");
  }
}

function requestId(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
}

function problemOf(error: unknown): Pick<Refusal, "status" | "code" | "message"> {
  if (error instanceof Refusal) {
    return { status: error.status, code: error.code, message: error.message };
  }
  if (error instanceof StoreOverloaded) {
    const message =
      "More people are here than the poll has time for; please try again in a moment.";
    return { status: 503, code: "overloaded", message };
  }
  if (error instanceof StoreUnavailable) {
    const message = "The poll's database does not answer; please try again in a moment.";
    return { status: 503, code: "database-unavailable", message };
  }
  return { status: 500, code: "internal", message: "Something went wrong here." };
}

function rethrowUnlessUnavailable(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) {
    throw error;
  }
}

function text(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? error.message).replaceAll("\n", " | ")
    : String(error);
}

/** The promise's value, or `StoreUnavailable` when it takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new StoreUnavailable(`no answer within ${milliseconds} ms`));
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
