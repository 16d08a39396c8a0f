/**
 * Requests to release hosts and registries. Redirects are followed here, so that every hop is held to the
 * same rules; an answer counts only when all of it has arrived. Nothing is tried twice: whoever runs the
 * command decides that.
 */
import { createHash } from "node:crypto";

/** Whatever sends one request and follows no redirect; Node's own, or a test's. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How long a host may be silent, in milliseconds. */
export interface Patience {
  /** From the request to the answer's first line, each redirect anew. */
  readonly answer: number;
  /** Between two parts of a body, however long the whole takes. */
  readonly silence: number;
}

const PATIENCE: Patience = { answer: 15_000, silence: 30_000 };
/** Redirects of one request; GitHub's releases take one, registries' blobs up to two. */
const HOPS = 5;
/** Most bytes of an answer that is read as a whole: checksum files have kilobytes, manifests 4 MiB at most. */
const WHOLE = 4 * 1024 * 1024;

/** Thrown for a request that got no whole answer: the address and what went wrong. */
export class WebError extends Error {
  constructor(
    readonly url: string,
    readonly problem: string,
    readonly fix: string,
    options?: ErrorOptions,
  ) {
    super(`${url}: ${problem}`, options);
    this.name = "WebError";
  }
}

/** Thrown for an answer whose status is not 200. */
export class RefusedError extends WebError {
  /** @param challenge the answer's `WWW-Authenticate`, if it has one */
  constructor(
    url: string,
    readonly status: number,
    fix: string,
    readonly challenge: string | undefined,
    problem = `the server answers ${status}`,
  ) {
    super(url, problem, fix);
    this.name = "RefusedError";
  }
}

/** An answer of any status, with its whole body. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Takes the parts of a body in order; the next is read when it is done. */
export type Sink = (chunk: Uint8Array) => void | Promise<void>;

/** What a request carries. */
export interface Ask {
  readonly accept?: string;
  /** Sent to the first host alone: a redirect leads elsewhere. */
  readonly authorization?: string;
}

/** A client for HTTPS. */
export class Web {
  constructor(
    private readonly fetch: Fetch = (url, init) => globalThis.fetch(url, init),
    private readonly patience: Patience = PATIENCE,
  ) {}

  /**
   * The whole answer, whatever its status is.
   *
   * @throws WebError when none arrives, or one that is cut off or larger than 4 MiB
   */
  async get(url: string, ask: Ask = {}): Promise<Answer> {
    const parts: Uint8Array[] = [];
    let size = 0;
    const { status, headers } = await this.#receive(url, ask, (chunk) => {
      size += chunk.length;
      if (size > WHOLE) {
        throw new WebError(url, `the answer is larger than ${WHOLE} bytes`, "check the address");
      }
      parts.push(chunk);
    });
    return { status, headers, body: Buffer.concat(parts) };
  }

  /**
   * The text of a file.
   *
   * @throws WebError also when the server has no such file
   */
  async text(url: string): Promise<string> {
    const { status, headers, body } = await this.get(url);
    if (status !== 200) {
      throw refused(url, { status, headers });
    }
    return body.toString("utf8");
  }

  /**
   * Passes a file on, part by part.
   *
   * @param sink also gets the size that the server has announced, in bytes, if it has; what it throws is
   *   thrown on
   * @returns SHA-256 of what was passed on, in hex
   * @throws RefusedError when the server has no such file
   * @throws WebError when the connection breaks
   */
  async download(
    url: string,
    sink: (chunk: Uint8Array, total: number | undefined) => void | Promise<void> = () => undefined,
    ask: Ask = {},
  ): Promise<string> {
    const hash = createHash("sha256");
    const response = await this.#receive(url, ask, (chunk, answer) => {
      if (answer.status !== 200) {
        throw refused(url, answer);
      }
      hash.update(chunk);
      return sink(chunk, announced(answer.headers));
    });
    if (response.status !== 200) {
      throw refused(url, response);
    }
    return hash.digest("hex");
  }

  async #receive(
    url: string,
    ask: Ask,
    sink: (chunk: Uint8Array, response: Response) => void | Promise<void>,
  ): Promise<Response> {
    const patience = new AbortController();
    let waitsFor = "does not answer";
    let received = 0;
    let timer = setTimeout(() => {
      patience.abort();
    }, this.patience.answer);
    const restart = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        patience.abort();
      }, ms);
    };
    try {
      const response = await this.#follow(url, ask, patience.signal, () => {
        restart(this.patience.answer);
      });
      waitsFor = "has stopped sending";
      restart(this.patience.silence);
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        try {
          await sink(chunk, response);
        } catch (error) {
          throw new SinkFailure("", { cause: error });
        }
        restart(this.patience.silence);
      }
      const total = announced(response.headers);
      if (total !== undefined && received !== total) {
        throw new WebError(url, cutOff(received, total), AGAIN);
      }
      return response;
    } catch (error) {
      // A disk that is full is no connection that broke.
      if (error instanceof SinkFailure) {
        throw error.cause;
      }
      if (error instanceof WebError) {
        throw error;
      }
      throw patience.signal.aborted
        ? new WebError(url, `the server ${waitsFor}`, AGAIN, { cause: error })
        : broken(url, error, received);
    } finally {
      clearTimeout(timer);
      // Ends the connection of an answer that was not read to its end.
      patience.abort();
    }
  }

  async #follow(
    first: string,
    { accept, authorization }: Ask,
    signal: AbortSignal,
    next: () => void,
  ): Promise<Response> {
    let url = new URL(first);
    for (let hop = 0; hop <= HOPS; hop += 1) {
      if (url.protocol !== "https:") {
        const problem = `leads to ${url.href}, which is not encrypted`;
        throw new WebError(first, problem, "do not use what this server sends");
      }
      const response = await this.fetch(url.href, {
        redirect: "manual",
        signal,
        headers: {
          // A sum is one of the file itself, not of what it is packed in on the way.
          "Accept-Encoding": "identity",
          ...(accept === undefined ? {} : { Accept: accept }),
          ...(authorization === undefined || url.origin !== new URL(first).origin
            ? {}
            : { Authorization: authorization }),
        },
      });
      const location = response.headers.get("location");
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
        return response;
      }
      await response.body?.cancel();
      url = new URL(location, url);
      next();
    }
    throw new WebError(first, `is redirected more than ${HOPS} times`, "check the address");
  }
}

const AGAIN = "run the command again; if it stays, try the address with curl -L";

/** JSON of a server. @throws WebError when it is none */
export function parseJson(url: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    const fix = "something between here and the server answers in its place: try it with curl";
    throw new WebError(url, "the answer is no JSON", fix, { cause: error });
  }
}

/** Holds, as its cause, what whoever takes a body's parts has thrown. */
class SinkFailure extends Error {}

function refused(url: string, { status, headers }: Pick<Answer, "status" | "headers">): WebError {
  const fix =
    status === 404
      ? "check version and address: the release has no such file"
      : status === 429 || status === 403
        ? "the host limits requests: wait, and run the command again"
        : AGAIN;
  return new RefusedError(url, status, fix, headers.get("www-authenticate") ?? undefined);
}

/** Size of a body that comes as it is; undefined where the server does not say. */
function announced(headers: Headers): number | undefined {
  const length = headers.get("content-length");
  const encoding = headers.get("content-encoding") ?? "identity";
  return length === null || encoding !== "identity" ? undefined : Number(length);
}

function cutOff(received: number, total?: number): string {
  const all = total === undefined ? "" : ` of ${total}`;
  return `the answer was cut off after ${received}${all} bytes`;
}

/** Node's error, in words: its own message is "fetch failed" or "terminated". */
function broken(url: string, error: unknown, received: number): WebError {
  const code = codeOf(error);
  const { host } = new URL(url);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    const fix = "is this computer connected to the internet, and its DNS working?";
    return new WebError(url, `the name ${host} cannot be resolved`, fix, { cause: error });
  }
  if (code.includes("CERT") || code.includes("SIGNED") || code.includes("TLS")) {
    const fix = "behind a proxy that has a certificate of its own, set NODE_EXTRA_CA_CERTS";
    return new WebError(url, `${host} has no valid certificate (${code})`, fix, { cause: error });
  }
  const problem =
    received > 0 || code === "UND_ERR_SOCKET" || code === "ECONNRESET"
      ? cutOff(received)
      : `${host} cannot be reached (${code})`;
  return new WebError(url, problem, AGAIN, { cause: error });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { code } = error as NodeJS.ErrnoException;
  return code ?? (error.cause === undefined ? error.message : codeOf(error.cause));
}
