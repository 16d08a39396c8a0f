/** Failures that callers tell apart. */
import { setTimeout as pause } from "node:timers/promises";

import type { Json, JsonObject } from "@fogline/pulumi-kit/json";

import { listAt, stringAt } from "./values.ts";

/** The API server answered, and refused. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly body: JsonObject;
  /** How long the server asks to wait before the next try, in milliseconds; undefined if it does not. */
  readonly retryAfterMs: number | undefined;

  /** @param retryAfter seconds of the header `Retry-After`; NaN without one. */
  constructor(request: string, status: number, body: Json, retryAfter = NaN) {
    const answer = typeof body === "object" && !Array.isArray(body) ? (body ?? {}) : {};
    const said = stringAt(answer, "message") ?? (typeof body === "string" ? body.slice(-400) : "");
    super(`${request}: ${status} ${said}`.trim());
    this.name = "ApiError";
    this.status = status;
    this.reason = stringAt(answer, "reason") ?? "";
    this.body = answer;
    this.retryAfterMs = Number.isNaN(retryAfter) ? undefined : retryAfter * 1000;
  }

  /** Fields that another manager owns; empty when this is no server-side apply conflict. */
  get conflicts(): { field: string; manager: string }[] {
    return listAt(this.body, "details", "causes")
      .filter((cause) => cause["reason"] === "FieldManagerConflict")
      .map((cause) => ({
        field: stringAt(cause, "field") ?? "an unnamed field",
        manager:
          /conflict with "([^"]+)"/.exec(stringAt(cause, "message") ?? "")?.[1] ??
          "an unnamed manager",
      }));
  }
}

/** Nothing that speaks for the cluster answered a request. */
export class UnreachableError extends Error {
  constructor(server: string, cause: unknown) {
    super(`the API server ${server} does not answer: ${textOf(cause)}`, { cause });
    this.name = "UnreachableError";
  }
}

/** The engine asked to stop. */
export class CancelledError extends Error {
  constructor() {
    super("cancelled by the user");
    this.name = "CancelledError";
  }
}

/** @throws {CancelledError} when the signal fires meanwhile */
export async function pauseFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, signal && { signal }).catch(() => {
    throw new CancelledError();
  });
}

/** The object exists but did not become ready: the engine keeps it in its state and tries again. */
export class NotReadyError extends Error {
  readonly reasons: string[];

  constructor(reasons: string[]) {
    super(reasons.join("\n"));
    this.name = "NotReadyError";
    this.reasons = reasons;
  }
}

export const textOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

export const isAlreadyExists = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 409 && error.reason === "AlreadyExists";

export const isNotFound = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 404;
