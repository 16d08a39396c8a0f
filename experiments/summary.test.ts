import { describe, expect, it } from "vitest";

import { describe as described } from "./describe.ts";
import type { Cell, Results } from "./results.ts";
import { summarize, type Comparison } from "./summary.ts";
import { ENVIRONMENT, FAILOVER, MADE_UP } from "./testing/made-up.ts";

const MEASURE = "endpoints_dropped_s";

/** A made-up run with these values of one measure, by variant. */
function run(
  values: Readonly<Record<string, readonly (number | undefined)[]>>,
  cpuShare = 0.1,
): Results {
  const description = described({
    ...FAILOVER,
    variants: Object.keys(values).map((name) => ({ name, label: name, settings: {} })),
    measures: FAILOVER.measures.filter(({ name }) => name === MEASURE),
    plots: [],
  });
  const cells = Object.entries(values).flatMap(([variant, all]) =>
    all.map((value, n): Cell => ({
      ...{ variant, repeat: n + 1, startedAt: "", zeroUnixMicroseconds: 0, broken: [] },
      generator: { cpuShare, latestStartSeconds: 0 },
      values: value === undefined ? {} : { [MEASURE]: value },
      folder: `cells/${variant}-${n + 1}`,
    })),
  );
  return { folder: MADE_UP, description, environment: ENVIRONMENT, cells };
}

const stock = [45, 44, 46, 45.5, 44.5, 45, 46];
const aa = [45.2, 44.1, 46.2, 45.1, 44.7, 45.3, 45.9];
const fast = stock.map((value) => value / 10);

function only(results: Results): Comparison {
  const [comparison, ...others] = summarize(results).comparisons;
  expect(others).toEqual([]);
  if (comparison === undefined) {
    throw new Error("the summary compares nothing");
  }
  return comparison;
}

describe("a difference between variants", () => {
  it("is a claim when its interval excludes none and it is beyond the A/A spread", () => {
    const { variant, isClaim, effect, spread } = only(run({ stock, fast, aa }));
    expect({ variant, isClaim }).toEqual({ variant: "fast", isClaim: true });
    expect(effect.value).toBeCloseTo(0.1);
    expect(spread).toBeGreaterThan(1);
    expect(spread).toBeLessThan(1.1);
  });

  it("is none when it is within the A/A spread, even where its interval excludes none", () => {
    const shifted = stock.map((value) => value * 1.1);
    const scattered = stock.map((value, n) => value * (n % 2 === 0 ? 1.3 : 0.8));
    const { isClaim, reason, effect } = only(run({ stock, shifted, aa: scattered }));
    expect(effect.interval?.low).toBeGreaterThan(1);
    expect({ isClaim, reason }).toEqual({
      isClaim: false,
      reason: "no difference that this run can show",
    });
  });

  it("is none when its interval holds none", () => {
    expect(only(run({ stock, same: aa, aa })).reason).toBe("no difference that this run can show");
  });

  it("is none in a run without an A/A pair, with few repetitions, or where cells have no value", () => {
    expect(only(run({ stock, fast })).reason).toContain("no A/A pair");
    expect(only(run({ stock: [45, 46], fast: [4, 5], aa: [45, 46] })).reason).toContain(
      "fewer than 6",
    );
    const gaps = [...fast.slice(0, 6), undefined];
    expect(only(run({ stock, fast: gaps, aa })).reason).toContain(
      "fast has no value in repetition 7",
    );
  });

  it("is one of amounts where a variant has zeros", () => {
    const none = stock.map(() => 0);
    const { isClaim, effect } = only(run({ stock, none, aa }));
    expect({ isClaim, kind: effect.kind, value: effect.value }).toEqual({
      ...{ isClaim: true, kind: "difference", value: -45 },
    });
  });
});

describe("a summary", () => {
  it("has the statistics of each variant, and says which cells have no value", () => {
    const [first, second] = summarize(run({ stock, fast: [4, undefined, 6] })).statistics;
    expect(first).toMatchObject({ variant: "stock", median: 45, min: 44, max: 46, without: [] });
    expect(second).toMatchObject({ variant: "fast", median: 5, mean: 5, without: [2] });
    expect(second?.interval).toBeUndefined();
  });

  it("leaves out cells whose load generator was too slow", () => {
    const { cells, voided, statistics, comparisons } = summarize(run({ stock, fast }, 0.6));
    expect(cells).toEqual([]);
    expect(voided).toHaveLength(14);
    expect(statistics.map(({ median }) => median)).toEqual([undefined, undefined]);
    expect(comparisons).toEqual([]);
  });

  it("is empty before any cell is finished", () => {
    const { statistics, pairs, comparisons } = summarize(run({ stock: [], aa: [] }));
    expect(statistics.map(({ median }) => median)).toEqual([undefined, undefined]);
    expect({ pairs, comparisons }).toEqual({ pairs: [], comparisons: [] });
  });
});
