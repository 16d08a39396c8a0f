/**
 * One HTTP request and its whole answer: bounded in time and size.
 *
 * Not `fetch`: that of Node 20 takes a private certificate authority for the whole process only, at
 * its start, and an own Netmaker server usually has one.
 */
import { request as plainRequest, type IncomingHttpHeaders } from "node:http";
import { request as tlsRequest, type RequestOptions } from "node:https";
import { rootCertificates } from "node:tls";

export interface Request {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Certificates (PEM) of authorities to trust in addition to the well-known ones. */
  readonly ca?: string | undefined;
  /** Milliseconds from the first byte sent to the last one received. */
  readonly timeout: number;
  /** Largest body of an answer, bytes. */
  readonly maxBytes: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Why there is no answer; `untrusted`: the server's certificate was not accepted, and nothing was sent. */
export type ExchangeProblem = "not-sent" | "untrusted" | "broken" | "timeout" | "too-large";

export class ExchangeError extends Error {
  readonly problem: ExchangeProblem;

  constructor(problem: ExchangeProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "ExchangeError";
    this.problem = problem;
  }
}

/** Errors of a connection that was never made, so that nothing was sent over it. */
const NOT_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/**
 * Sends a request and reads its answer to the end.
 *
 * @throws ExchangeError when there is no trusted connection, it breaks, time runs out, or the answer
 * is longer than `maxBytes`
 */
export function exchange(request: Request): Promise<Answer> {
  const options: RequestOptions = {
    method: request.method,
    headers: {
      ...request.headers,
      ...(request.body === undefined ? {} : { "Content-Length": Buffer.byteLength(request.body) }),
    },
    signal: AbortSignal.timeout(request.timeout),
    // A connection for each call: when a kept one breaks, nobody knows whether the call was received.
    agent: false,
    ...(request.ca === undefined ? {} : { ca: [...rootCertificates, request.ca] }),
  };
  const send = request.url.protocol === "https:" ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const call = send(request.url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > request.maxBytes) {
          const limit = `the answer is longer than ${request.maxBytes} bytes`;
          call.destroy(new ExchangeError("too-large", limit));
          return;
        }
        chunks.push(chunk);
      });
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        });
      });
      // A connection that ends before the announced length, or the last chunk, closes without `end`.
      response.on("error", (error) => {
        reject(asExchangeError(error, request.timeout));
      });
    });
    call.on("error", (error) => {
      reject(asExchangeError(error, request.timeout));
    });
    call.end(request.body);
  });
}

function asExchangeError(error: Error & { code?: string }, timeout: number): ExchangeError {
  if (error instanceof ExchangeError) {
    return error;
  }
  if (error.name === "AbortError" || error.name === "TimeoutError") {
    return new ExchangeError("timeout", `no whole answer within ${timeout / 1000} s`, error);
  }
  const code = error.code ?? "";
  if (NOT_SENT.has(code)) {
    return new ExchangeError("not-sent", error.message || code, error);
  }
  if (isCertificateProblem(code)) {
    const message = `certificate not trusted: ${error.message}${clockHint(code)}`;
    return new ExchangeError("untrusted", message, error);
  }
  return new ExchangeError("broken", `the connection broke: ${error.message || code}`, error);
}

function isCertificateProblem(code: string): boolean {
  return /CERT|ERR_TLS|SELF_SIGNED|UNABLE_TO/.test(code);
}

/** A certificate outside its validity period may be due to a wrong clock. */
function clockHint(code: string): string {
  return code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID"
    ? `; by this computer's clock it is ${new Date().toISOString()}: set it, or renew the certificate`
    : "";
}
