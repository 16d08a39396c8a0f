/** When a request may be sent again, and after how long. Pure. */

/** How often requests are repeated, and after what delay. */
export interface RetryPolicy {
  /** Most times one request is sent; 1 never repeats. Default 5. */
  readonly attempts: number;
  /** Longest wait before the first repetition, in ms; doubles with each. Default 250. */
  readonly firstDelay: number;
  /** Longest wait before any repetition, in ms. Default 8,000. */
  readonly longestDelay: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstDelay: 250, longestDelay: 8_000 };

/** How an attempt ended that may be worth another one. */
export type Setback =
  /** The request never left: nothing listens there, the name is unknown, no route. */
  | { readonly kind: "not-sent" }
  /** It may or may not have been carried out: the connection broke, time ran out. */
  | { readonly kind: "broken" }
  | { readonly kind: "status"; readonly status: number };

/** Statuses that say "later": of the server (429, 503) or of the proxy before it (502, 503, 504). */
const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Whether a request may be sent again.
 *
 * A request that changes nothing when it is carried out twice may always be. Another one may only
 * if it was certainly not carried out: it never left, or was turned away by a limit on calls (429).
 */
export function mayRepeat(setback: Setback, idempotent: boolean): boolean {
  switch (setback.kind) {
    case "not-sent":
      return true;
    case "broken":
      return idempotent;
    case "status":
      return setback.status === 429 || (idempotent && LATER.has(setback.status));
  }
}

/**
 * Milliseconds to wait before repetition number `repetition` (from 1): what the server asked for, or
 * a random part of a span that doubles, so that many clients do not come back as one ("full jitter").
 */
export function delayBefore(
  repetition: number,
  policy: RetryPolicy,
  random: () => number,
  retryAfter?: number,
): number {
  if (retryAfter !== undefined) {
    return retryAfter;
  }
  const span = Math.min(policy.longestDelay, policy.firstDelay * 2 ** (repetition - 1));
  return Math.ceil(random() * span);
}

/** `Retry-After` in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3); undefined for neither. */
export function readRetryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  if (/^\d+$/.test(header.trim())) {
    return Number(header) * 1000;
  }
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
