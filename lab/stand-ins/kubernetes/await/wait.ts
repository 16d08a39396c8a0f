/**
 * Waiting for a condition of a live object. A watch wakes the wait up, reading decides: so nothing is
 * missed when a watch breaks, and nothing is asked more often than it can have changed.
 */
import { setTimeout as pause } from "node:timers/promises";

import type { JsonObject } from "@fogline/pulumi-kit/json";

import type { Cluster, Ref } from "../cluster.ts";
import { ApiError, CancelledError, NotReadyError, UnreachableError } from "../errors.ts";
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
  /** The object as the write returned it: tells a verdict of before from one of after. */
  written: JsonObject;
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
/** Events closer together than this are handled once. */
const SETTLE_MS = 500;
/** The longest time between two looks: what a verdict reads besides the object is not watched. */
const POLL_MS = 2_000;

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
 * @throws {NotReadyError} with the reasons when it fails, disappears or takes too long;
 *   {CancelledError} when the scope's signal fires.
 */
export async function waitUntilReady(
  readiness: Readiness,
  scope: Scope,
  options: WaitOptions,
): Promise<JsonObject> {
  let live = scope.written;
  let last = waiting("");
  const path = await scope.cluster.pathOf(scope.ref);
  const refuse = async (headline: string): Promise<never> => {
    const reasons = (await readiness.explain?.(live, scope)) ?? [];
    throw new NotReadyError([`${describe(scope.ref)}: ${headline}`, ...reasons]);
  };
  const warnings = (waited: number): Promise<string[]> => warningsOf(live, scope, waited);
  const reached = await poll(scope, { ...options, warnings }, async () => {
    const found = await scope.cluster.read(path, scope.signal);
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
  { cluster, ref, signal }: Pick<Scope, "cluster" | "ref" | "signal">,
  { timeoutMs, progress, warn, warnings = () => Promise.resolve([]) }: WaitOptions,
  look: () => Promise<Verdict>,
): Promise<boolean> {
  const since = Date.now();
  const until = since + timeoutMs;
  const warned = new Set<string>();
  let said = "";
  let watch: Wakeups | undefined;
  try {
    // Short at first: what ends at once may end before the watch stands.
    for (let limit = 0; ; limit = Math.min(limit + SETTLE_MS, POLL_MS - SETTLE_MS)) {
      stopIfCancelled(signal);
      const verdict = await look().catch(patient);
      // An object that is ready at the first look was not waited for: nothing to say.
      if (verdict.message !== said && !(verdict.done && said === "")) {
        said = verdict.message;
        progress(said);
      }
      if (verdict.done) {
        return true;
      }
      // What cannot be asked now is asked again at the next look.
      for (const text of await warnings(Date.now() - since).catch(unlessAway)) {
        if (!warned.has(text)) {
          warned.add(text);
          warn(text);
        }
      }
      const rest = until - Date.now();
      if (rest <= 0) {
        return false;
      }
      // Most objects are ready at the first look and need no watch at all.
      watch ??= new Wakeups(cluster, ref, signal);
      await pause(Math.min(SETTLE_MS, rest), undefined, { signal });
      await watch.next(Math.min(limit, until - Date.now()));
    }
  } catch (error) {
    stopIfCancelled(signal);
    throw error;
  } finally {
    watch?.stop();
  }
}

/** An API server that restarts, or a network that comes back, is a reason to wait on. */
function patient(error: unknown): Verdict {
  if (error instanceof UnreachableError) {
    return waiting(error.message);
  }
  throw error;
}

function unlessAway(error: unknown): string[] {
  if (error instanceof UnreachableError) {
    return [];
  }
  throw error;
}

function stopIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) {
    throw new CancelledError();
  }
}

/** Changes of one object, as wake-up calls. */
class Wakeups {
  private readonly controller = new AbortController();
  private ring = (): void => undefined;
  private pending = false;

  constructor(cluster: Cluster, ref: Ref, signal: AbortSignal) {
    signal.addEventListener("abort", this.stop, { signal: this.controller.signal });
    void this.follow(cluster, ref);
  }

  /** Returns at the next change, or after `limitMs`. */
  async next(limitMs: number): Promise<void> {
    if (!this.pending && limitMs > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.ring = resolve;
        timer = setTimeout(resolve, limitMs);
      });
      clearTimeout(timer);
    }
    this.pending = false;
  }

  readonly stop = (): void => {
    this.controller.abort();
    this.ring();
  };

  private async follow(cluster: Cluster, ref: Ref): Promise<void> {
    const { signal } = this.controller;
    const isStopped = (): boolean => signal.aborted;
    const wake = (): void => {
      this.pending = true;
      this.ring();
    };
    while (!isStopped()) {
      try {
        const collection = await cluster.collectionOf(ref);
        const query = { fieldSelector: `metadata.name=${ref.name}` };
        await cluster.client.watch(collection, query, wake, signal);
      } catch (error) {
        // The wait goes on by reading every POLL_MS; a refused watch is not tried again.
        if (error instanceof ApiError || isStopped()) {
          return;
        }
      }
      await pause(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
