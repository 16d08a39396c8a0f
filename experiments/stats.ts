/**
 * Statistics of few repetitions: medians with intervals by the bootstrap. Deterministic: the same values give
 * the same intervals on every computer.
 *
 * The interval is the percentile bootstrap's (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
 * chapter 13). simple-statistics has the plain statistics, pure-rand the random numbers; neither has this.
 */
import { createHash } from "node:crypto";

import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { max, mean, median, min, quantile } from "simple-statistics";

export { max, mean, median, min, quantile };

/** Share of intervals that hold the true value, were runs repeated. */
export const CONFIDENCE = 0.95;

/** How often values are drawn again; the ends of an interval then vary by less than its values do. */
const RESAMPLES = 10_000;

/**
 * Fewest values that have an interval. Even the lowest and the highest of n values hold the median with a
 * probability of only 1 - 2 × 0.5^n, which is 94 % for 5 and 97 % for 6.
 */
export const FEWEST = 6;

/** From `low` to `high`, ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How one set of values compares with another, by their medians. */
export interface Effect {
  /** `ratio`: 1 is no difference; `difference`: 0 is none. */
  readonly kind: "ratio" | "difference";
  readonly value: number;
  /** Undefined with fewer than {@link FEWEST} values on either side. */
  readonly interval: Interval | undefined;
}

/** Values of one measure. What is drawn from a sample is kept with the object. */
export interface Sample {
  /** What the values are of: it decides which random numbers are drawn. */
  readonly name: string;
  readonly values: readonly number[];
}

/** The interval of the median; undefined with fewer than {@link FEWEST} values. */
export function medianInterval(sample: Sample): Interval | undefined {
  return sample.values.length < FEWEST ? undefined : intervalOf(resampled(sample));
}

/**
 * `sample` against `baseline`.
 *
 * @param kind a ratio needs values above 0 on both sides
 * @throws RangeError when a side has no value, or a ratio's has one that is not above 0
 */
export function compare(baseline: Sample, sample: Sample, kind: Effect["kind"]): Effect {
  const sides = [baseline, sample] as const;
  for (const { name, values } of sides) {
    if (values.length === 0 || (kind === "ratio" && values.some((value) => value <= 0))) {
      throw new RangeError(`${name}: a ${kind} needs values${kind === "ratio" ? " above 0" : ""}`);
    }
  }
  const effect = (base: number, other: number): number =>
    kind === "ratio" ? other / base : other - base;
  const value = effect(median([...baseline.values]), median([...sample.values]));
  if (sides.some(({ values }) => values.length < FEWEST)) {
    return { kind, value, interval: undefined };
  }
  const others = resampled(sample);
  const effects = resampled(baseline).map((base, n) => effect(base, others[n] ?? NaN));
  return { kind, value, interval: intervalOf(effects) };
}

/** Whether no difference lies outside of the interval; false where there is no interval. */
export function excludesNoDifference({ kind, interval }: Effect): boolean {
  const none = kind === "ratio" ? 1 : 0;
  return interval !== undefined && (interval.low > none || interval.high < none);
}

/** How far an effect is from no difference, the same in both directions: a factor of at least 1, or an amount. */
export function sizeOf({ kind, value }: Pick<Effect, "kind" | "value">): number {
  return kind === "ratio" ? Math.max(value, 1 / value) : Math.abs(value);
}

/**
 * The largest difference that the comparison of two equal things leaves possible: the far end of its
 * interval. Its middle would be too kind, as it can be no difference by chance.
 */
export function spreadOf({ kind, interval }: Effect): number | undefined {
  return (
    interval &&
    Math.max(sizeOf({ kind, value: interval.low }), sizeOf({ kind, value: interval.high }))
  );
}

function intervalOf(values: readonly number[]): Interval {
  const tail = (1 - CONFIDENCE) / 2;
  const [low = NaN, high = NaN] = quantile([...values], [tail, 1 - tail]);
  return { low, high };
}

/** Medians of draws, by the sample that was drawn from: each sample is compared more than once. */
const drawn = new WeakMap<Sample, readonly number[]>();

/** Medians of {@link RESAMPLES} draws with replacement, each of as many values as there are. */
function resampled(sample: Sample): readonly number[] {
  const known = drawn.get(sample);
  if (known !== undefined) {
    return known;
  }
  const sorted = [...sample.values].sort((a, b) => a - b);
  const random = xoroshiro128plus(seedOf(sample.name));
  const medians = Array.from({ length: RESAMPLES }, () => medianOfDraw(sorted, random));
  drawn.set(sample, medians);
  return medians;
}

/** Counts how often each value is drawn, which finds the middle without sorting again. */
function medianOfDraw(sorted: readonly number[], random: RandomGenerator): number {
  const n = sorted.length;
  const counts = new Uint32Array(n);
  for (let count = 0; count < n; count++) {
    // 32 random bits as a share of n: values are equally likely to a few parts in 2^32.
    const index = Math.floor(((random.next() >>> 0) / 2 ** 32) * n);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  const below = at(sorted, counts, Math.floor((n - 1) / 2));
  return n % 2 === 1 ? below : (below + at(sorted, counts, n / 2)) / 2;
}

/** The value that so many of those that were drawn stand before. */
function at(sorted: readonly number[], counts: Uint32Array, rank: number): number {
  let index = 0;
  for (let before = counts[0] ?? 0; before <= rank; before += counts[index] ?? 0) {
    index += 1;
  }
  return sorted[index] ?? NaN;
}

/** The same number for the same name, and another for another. */
function seedOf(name: string): number {
  return createHash("sha256").update(name).digest().readInt32BE();
}
