/** When certificates are renewed and when their end is told: pure. */

const DAY = 86_400_000;

/**
 * Days between two looks at the certificates. K3s' live 365 days, and at its start it renews those
 * with less than 120 left: after each look at least 119 are left, which is more than until the next.
 */
const PERIOD = 60;

/** Days before a certificate's end from which on it is told. */
const WARN_WITHIN = 90;

/**
 * Number of the period that a time lies in. The steps that install K3s depend on it, so each runs
 * again in the first `up` of a period; it starts K3s anew where certificates end soon.
 */
export function renewalPeriod(now: Date): string {
  return String(Math.floor(now.getTime() / (PERIOD * DAY)));
}

/** What is to be said of a certificate's end, where there is something. */
export function warningOf(end: Date, now: Date): string | undefined {
  const days = Math.floor((end.getTime() - now.getTime()) / DAY);
  const day = end.toISOString().slice(0, 10);
  if (days < 0) {
    return `the cluster's certificates ended on ${day}: run up without --refresh, which renews them`;
  }
  return days < WARN_WITHIN
    ? `the cluster's certificates end in ${days} days, on ${day}: run up before, which renews them`
    : undefined;
}
