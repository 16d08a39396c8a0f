/** When Traefik sends a request to another pod: what each app chooses for its route. Pure. */
import { stringify } from "yaml";

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
const TRY_ANOTHER = {
  attempts: 16,
  initialInterval: "2ms",
  timeout: "12s",
  status: ["502", "504"],
  // A vote has some hundred bytes; what is longer than this is tried once.
  maxRequestBodyBytes: 65_536,
};

/**
 * A dead node drops packets silently: nobody waits the default of 30 s for it, milliseconds. Connections of this
 * length happen in the third of a second in which a node is not known to be silent, and where the kernel cannot
 * end them.
 */
export const DIAL_TIMEOUT_MS = 500;

/**
 * A pod that is silent for longer than this is gone, milliseconds. An app that needs longer answers with
 * 503 before: what is given up here is sent to another pod.
 */
export const ANSWER_TIMEOUT_MS = 5000;

/** Names of the middlewares. The first one's stays: routes of running stacks name it. */
const MIDDLEWARES: Readonly<Record<Repeats, string>> = {
  identified: "try-another",
  once: "try-another-unless-sent",
};

/** Traefik's dynamic configuration. */
export function middlewares(): string {
  const retry = { ...TRY_ANOTHER, retryNonIdempotentMethod: true };
  return stringify({
    http: {
      middlewares: {
        [MIDDLEWARES.identified]: { retry },
        [MIDDLEWARES.once]: { retry: { ...retry, retryNonIdempotentMethod: false } },
      },
    },
  });
}

/** Name of a route's middleware, with its provider. */
export function middlewareOf(repeats: Repeats): string {
  return `${MIDDLEWARES[repeats]}@file`;
}

/** Traefik's arguments that say when a pod is given up. */
export function timeoutArguments(answerTimeoutMs = ANSWER_TIMEOUT_MS): string[] {
  return [
    `--serverstransport.forwardingtimeouts.dialtimeout=${DIAL_TIMEOUT_MS}ms`,
    `--serverstransport.forwardingtimeouts.responseheadertimeout=${answerTimeoutMs}ms`,
  ];
}
