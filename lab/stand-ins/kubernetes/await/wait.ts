/**
 * Waiting for a condition of a live object, by reading: a verdict takes other objects into account,
 * which a watch of this one would say nothing of.
 */
import { setTimeout as pause } from "node:timers/promises";

import type { JsonObject } from "@fogline/pulumi-kit/json";

import type { Cluster, Ref } from "../cluster.ts";
import { CancelledError, NotReadyError, UnreachableError } from "../errors.ts";
import { warningsOf } from "./warnings.ts";

/** Result of checking an object. */
export interface Verdict {
  done: boolean;
  /** What is waited for, or what was reached, as a short phrase. */
  message: string;
  /** It will not get ready any more: the reason. Ends the wait. */
  failure?: string;
}

export const done = (message: string): Verdict => ({ done: true, message });
export const waiting = (message: string): Verdict => ({ done: false, message });
export const failed = (failure: string): Verdict => ({ done: false, message: failure, failure });

export interface Scope {
  cluster: Cluster;
  ref: Ref;
  signal: AbortSignal;
}

/** How objects of a kind get ready. */
export interface Readiness {
  look(live: JsonObject, scope: Scope): Promise<Verdict> | Verdict;
  /** Reasons why it is not ready, for the error: one a line. */
  explain?(live: JsonObject, scope: Scope): Promise<string[]>;
  /** Milliseconds to wait when nothing else is said. Default: 10 minutes. */
  defaultTimeoutMs?: number;
}

export const DEFAULT_TIMEOUT_MS = 600_000;
/** Between the first looks, and the longest time between two of them. */
const FIRST_MS = 250;
const POLL_MS = 1_000;

export const describe = ({ kind, namespace, name }: Ref): string =>
  `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;

export interface WaitOptions {
  timeoutMs: number;
  /** Told what is waited for whenever that changes. */
  progress: (message: string) => void;
  /** Told once of each text of `warnings`. */
  warn: (message: string) => void;
  /** What is amiss while nothing is wrong yet, after so many milliseconds. */
  warnings?: (waited: number) => Promise<string[]>;
}

/**
 * Waits until `readiness` finds the object ready and returns it.
 *
 * @param written the object as its write returned it
 * @throws {NotReadyError} with the reasons when it fails, disappears or takes too long;
 *   {CancelledError} when the scope's signal fires.
 */
export async function waitUntilReady(
  readiness: Readiness,
  written: JsonObject,
  scope: Scope,
  options: WaitOptions,
): Promise<JsonObject> {
  let live = written;
  let last = waiting("");
  const refuse = async (headline: string): Promise<never> => {
    const reasons = (await readiness.explain?.(live, scope)) ?? [];
    throw new NotReadyError([`${describe(scope.ref)}: ${headline}`, ...reasons]);
  };
  const warnings = (waited: number): Promise<string[]> => warningsOf(live, scope, waited);
  const reached = await poll(scope.signal, { ...options, warnings }, async () => {
    const found = await scope.cluster.get(scope.ref, scope.signal);
    if (found === undefined) {
      return refuse(`it was deleted while waiting for: ${last.message}`);
    }
    live = found;
    last = await readiness.look(live, scope);
    if (last.failure !== undefined) {
      return refuse(last.failure);
    }
    return last;
  });
  return reached
    ? live
    : refuse(`not ready after ${Math.round(options.timeoutMs / 1000)} s: ${last.message}`);
}

/** Waits until `look` is done; false when the time runs out first. */
export async function poll(
  signal: AbortSignal,
  { timeoutMs, progress, warn, warnings = () => Promise.resolve([]) }: WaitOptions,
  look: () => Promise<Verdict>,
): Promise<boolean> {
  const since = Date.now();
  const until = since + timeoutMs;
  const warned = new Set<string>();
  let said = "";
  try {
    for (let limit = FIRST_MS; ; limit = Math.min(2 * limit, POLL_MS)) {
      stopIfCancelled(signal);
      const verdict = await look().catch(whileAway(waiting));
      // An object that is ready at the first look was not waited for: nothing to say.
      if (verdict.message !== said && !(verdict.done && said === "")) {
        said = verdict.message;
        progress(said);
      }
      if (verdict.done) {
        return true;
      }
      // What cannot be asked now is asked again at the next look.
      for (const text of await warnings(Date.now() - since).catch(whileAway(() => []))) {
        if (!warned.has(text)) {
          warned.add(text);
          warn(text);
        }
      }
      const rest = until - Date.now();
      if (rest <= 0) {
        return false;
      }
      await pause(Math.min(limit, rest), undefined, { signal });
    }
  } catch (error) {
    stopIfCancelled(signal);
    throw error;
  }
}

/** An API server that restarts, or a network that comes back, is a reason to wait on. */
const whileAway =
  <T>(instead: (message: string) => T) =>
  (error: unknown): T => {
    if (error instanceof UnreachableError) {
      return instead(error.message);
    }
    throw error;
  };

function stopIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new CancelledError();
  }
}
