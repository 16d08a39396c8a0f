/** Answering: the headers that every response carries, and the few shapes that it has. */
import type { ServerResponse } from "node:http";

/** Nothing from elsewhere, nothing inline, no framing: the page needs its own two files only. */
const SECURITY = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
} as const;

/** Seconds after which a client should try again when the database is away or has no time. */
export const RETRY_AFTER_SECONDS = 2;

/** Sets what every response carries. */
export function setCommonHeaders(
  response: ServerResponse,
  identity: { readonly pod: string; readonly node: string; readonly requestId: string },
): void {
  for (const [name, value] of Object.entries(SECURITY)) {
    response.setHeader(name, value);
  }
  response.setHeader("X-Served-By", identity.pod);
  response.setHeader("X-Served-On", identity.node);
  response.setHeader("X-Request-Id", identity.requestId);
  response.setHeader("Cache-Control", "no-store");
}

/** Ends a response with a body. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  response.statusCode = status;
  response.setHeader("Content-Type", type);
  response.setHeader("Content-Length", Buffer.byteLength(body));
  response.end(body);
}

export function sendHtml(response: ServerResponse, status: number, body: string): void {
  send(response, status, "text/html; charset=utf-8", body);
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, "application/json; charset=utf-8", `${JSON.stringify(value)}\n`);
}

/** 303: the browser goes on with GET, so that reloading does not send the form again. */
export function redirect(response: ServerResponse, location: string): void {
  response.statusCode = 303;
  response.setHeader("Location", location);
  response.setHeader("Content-Length", 0);
  response.end();
}
