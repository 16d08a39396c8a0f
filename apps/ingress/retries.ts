/** When Traefik sends a request to another pod: what each app chooses for its route. Pure. */
import { given, type Timers } from "../../config/failover.ts";
import type { Repeats } from "../offers.ts";

/**
 * Tried on other pods when one does not answer at all: a pod on a node that just died. Half of the pods may be
 * there, so that many tries in a row can meet them: all 16 do once in 65,000 requests. Each fails at once, as the
 * node refuses connections to pods of nodes that are silent (components/k3s/scripts/reach.sh), so that one
 * after the other costs little; a longer pause would be most of what a visit takes then.
 *
 * A connection that stood before the node died takes the request and stays silent: Traefik's own 504 for
 * that, and 502 for one that breaks, is tried elsewhere, too, where the request may be repeated.
 */
function tryAnother(timers: Timers): Readonly<Record<string, unknown>> {
  return {
    attempts: timers.tries,
    initialInterval: `${timers.tryPauseMs}ms`,
    timeout: `${timers.triesMs / 1000}s`,
    status: ["502", "504"],
    // A vote has some hundred bytes; what is longer than this is tried once.
    maxRequestBodyBytes: 65_536,
  };
}

/** Names of the middlewares. The first one's stays: routes of running stacks name it. */
const MIDDLEWARES: Readonly<Record<Repeats, string>> = {
  identified: "try-another",
  once: "try-another-unless-sent",
};

/**
 * Traefik's middlewares by name. One that tries once does nothing: it is there as routes name it, without
 * the rest, for which requests would be kept in memory.
 */
export function middlewares(timers: Timers): Readonly<Record<string, { readonly retry: object }>> {
  const another = tryAnother(timers);
  const retry = (retryNonIdempotentMethod: boolean): object =>
    given(timers, "tries") === undefined
      ? { attempts: 1 }
      : { ...another, retryNonIdempotentMethod };
  return {
    [MIDDLEWARES.identified]: { retry: retry(true) },
    [MIDDLEWARES.once]: { retry: retry(false) },
  };
}

/** Name of a route's middleware, with its provider. */
export function middlewareOf(repeats: Repeats): string {
  return `${MIDDLEWARES[repeats]}@file`;
}

/**
 * Traefik's arguments that say when a pod is given up: one that takes no connection, as a dead node drops packets
 * silently, and one that is silent on a connection that stands. An app that needs longer for an answer says 503
 * before: what is given up here is sent to another pod.
 */
export function timeoutArguments(timers: Timers): string[] {
  const throttle = given(timers, "routeSyncSeconds");
  return [
    ...forwarding("dialtimeout", given(timers, "dialMs")),
    ...forwarding("responseheadertimeout", given(timers, "answerMs")),
    ...(throttle === undefined ? [] : [`--providers.providersthrottleduration=${throttle}s`]),
  ];
}

function forwarding(name: string, ms: number | undefined): string[] {
  return ms === undefined ? [] : [`--serverstransport.forwardingtimeouts.${name}=${ms}ms`];
}
