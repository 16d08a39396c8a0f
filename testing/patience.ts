/**
 * How long tests wait before they take something for hung, in milliseconds. They wait for conditions and
 * assert no timings, so these only end what would never end: a busy computer reaches none of them, and
 * nothing gets slower by a higher one. vitest.config.ts applies them; testing/tree/patience.test.ts lets
 * no test have others.
 *
 * A limit that is an input of what is tried, e.g. the time after which a client has to give up, is the
 * test's own.
 */

/** One awaited condition, one command, or the start of one program, e.g. `expect.poll`. */
export const CONDITION = 180_000;

/** A whole test or hook without a lab. More than a condition, which can then say what did not come. */
export const TEST = 900_000;

/** One awaited condition of a lab, e.g. a node that comes back; the autoscaler alone looks for 300 s. */
export const LAB_CONDITION = 900_000;

/** A whole test or hook on a lab, e.g. an `up` from nothing. */
export const LAB_TEST = 3_600_000;
