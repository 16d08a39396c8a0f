/**
 * Requests to one API server, over node's own HTTPS. Not `@kubernetes/client-node`: its 2.0.1 does
 * not load on Node 20 (its HTTP library asks for Node 22), and the few requests made here need none
 * of its models.
 */
import * as http from "node:http";
import * as https from "node:https";

import type { Json } from "@fogline/pulumi-kit/json";

import { ApiError, CancelledError, pauseFor, UnreachableError } from "./errors.ts";
import type { ClusterAccess } from "./kubeconfig.ts";

export interface Request {
  method: "GET" | "PATCH" | "POST" | "DELETE";
  /** Path below the server's address, with a leading slash. */
  path: string;
  query?: Record<string, string | undefined>;
  body?: Json;
  /** Media type of the body; JSON when absent. */
  contentType?: string;
  signal?: AbortSignal | undefined;
  /** Called with each `Warning` header of the answer: deprecations, duplicate fields. */
  onWarning?: ((text: string) => void) | undefined;
}

/** How long one try may stay without an answer. */
const TRY_MS = 30_000;
/** How often a request is tried again that the server itself puts off, as the official client does. */
const PUT_OFF = 10;
const PAUSE_MS = 1_000;

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "";

export class Client {
  private readonly agent: http.Agent;
  private readonly send: typeof http.request;

  constructor(private readonly access: ClusterAccess) {
    const secure = access.server.startsWith("https:");
    this.send = secure ? https.request : http.request;
    const { ca, cert, key } = access;
    this.agent = secure
      ? new https.Agent({ keepAlive: true, ca, cert, key })
      : new http.Agent({ keepAlive: true });
  }

  /**
   * One request. It is tried again where the server says when (`Retry-After`), or where a read met a
   * connection that had just been closed; nothing else passes by itself.
   *
   * @throws {ApiError} when the server refuses; {UnreachableError} when nothing answers in time;
   *   {CancelledError} when the signal fires.
   */
  async json(request: Request): Promise<Json> {
    const text = await this.text(request);
    return text === "" ? null : (JSON.parse(text) as Json);
  }

  /** As `json`, for answers that are text, such as logs. */
  async text(request: Request): Promise<string> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.once(request);
      } catch (error) {
        if (request.signal?.aborted === true) {
          throw new CancelledError();
        }
        const rest = putOff(request, error);
        if (rest === undefined || tries > PUT_OFF) {
          throw error instanceof ApiError ? error : new UnreachableError(this.access.server, error);
        }
        await pauseFor(rest, request.signal);
      }
    }
  }

  private async once(request: Request): Promise<string> {
    const response = await this.open(request);
    const chunks: Buffer[] = [];
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString("utf8");
    if (request.onWarning !== undefined) {
      warningsOf(response.headers["warning"]).forEach(request.onWarning);
    }
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) {
      return text;
    }
    const after = Number(response.headers["retry-after"]);
    throw new ApiError(`${request.method} ${request.path}`, status, parsed(text), after);
  }

  private open(request: Request): Promise<http.IncomingMessage> {
    const url = new URL(this.access.server + request.path);
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) {
        url.searchParams.set(name, value);
      }
    }
    const { token } = this.access;
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    return new Promise((resolve, reject) => {
      const outgoing = this.send(url, {
        method: request.method,
        agent: this.agent,
        headers: {
          accept: "application/json",
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && {
            "content-type": request.contentType ?? "application/json",
            "content-length": Buffer.byteLength(body),
          }),
        },
        ...(request.signal && { signal: request.signal }),
      });
      const timer = setTimeout(() => {
        outgoing.destroy(
          Object.assign(new Error(`no answer within ${TRY_MS / 1000} s`), { code: "ETIMEDOUT" }),
        );
      }, TRY_MS);
      outgoing.once("response", (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      outgoing.once("error", (error) => {
        clearTimeout(timer);
        reject(error);
      });
      outgoing.end(body);
    });
  }
}

/** Milliseconds until a request may be tried again; undefined where it may not. */
function putOff(request: Request, error: unknown): number | undefined {
  if (error instanceof ApiError) {
    return error.status === 429 || error.status >= 500 ? error.retryAfterMs : undefined;
  }
  return request.method === "GET" && codeOf(error) === "ECONNRESET" ? PAUSE_MS : undefined;
}

/** The header reads `299 - "text"`, possibly several in one. */
function warningsOf(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((line) => [...line.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)])
    .map((found) => (found[1] ?? "").replaceAll('\\"', '"'));
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // Proxies in between answer in HTML or plain text; the text itself is then the explanation.
    return text;
  }
}
