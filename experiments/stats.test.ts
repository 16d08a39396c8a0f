import fc from "fast-check";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { describe, expect, it } from "vitest";

import { compare, excludesNoDifference, medianInterval, sizeOf, spreadOf } from "./stats.ts";

const seven = { name: "seven", values: [4, 2, 7, 1, 6, 3, 5] };

describe("the interval of a median", () => {
  it("is the bootstrap's, whose distribution is known", () => {
    // Of 7 values, a draw's median is at most the k-th with the probability that 4 of 7 draws are: 1 % for
    // the first value, 11 % for the second. So 2.5 % end within the second, and likewise above.
    expect(medianInterval(seven)).toEqual({ low: 2, high: 6 });
  });

  it("is the same each time, whatever the order of the values", () => {
    const sorted = { ...seven, values: [...seven.values].sort((a, b) => a - b) };
    expect(medianInterval(seven)).toEqual(medianInterval(sorted));
  });

  it("is none with fewer than six values, the highest and lowest of which are no 95 %", () => {
    expect(medianInterval({ name: "five", values: [1, 2, 3, 4, 5] })).toBeUndefined();
    expect(medianInterval({ name: "six", values: [1, 2, 3, 4, 5, 6] })).toBeDefined();
  });

  it("lies within the values, around their median", () => {
    const values = fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), {
      ...{ minLength: 6, maxLength: 12 },
    });
    fc.assert(
      fc.property(values, (all) => {
        const { low, high } = medianInterval({ name: "any", values: all }) ?? { low: 1, high: 0 };
        const sorted = [...all].sort((a, b) => a - b);
        const middle = compare(
          { name: "a", values: [1] },
          { name: "b", values: all },
          "ratio",
        ).value;
        expect(low).toBeGreaterThanOrEqual(sorted[0] ?? NaN);
        expect(high).toBeLessThanOrEqual(sorted.at(-1) ?? NaN);
        expect(low).toBeLessThanOrEqual(middle);
        expect(high).toBeGreaterThanOrEqual(middle);
      }),
      { numRuns: 20 },
    );
  });

  it("holds the true median about as often as it says", () => {
    const random = xoroshiro128plus(1);
    const runs = 100;
    const hits = Array.from({ length: runs }, (_, n) => {
      const values = Array.from({ length: 11 }, () => uniformFloat64(random));
      const { low, high } = medianInterval({ name: `run ${n}`, values }) ?? { low: 1, high: 0 };
      return low <= 0.5 && 0.5 <= high;
    }).filter(Boolean).length;
    expect(hits / runs).toBeGreaterThan(0.9);
  });
});

describe("comparing medians", () => {
  const twice = { name: "twice", values: seven.values.map((value) => value * 2 + 10) };

  it("gives a ratio with its interval", () => {
    const { kind, value, interval } = compare(seven, twice, "ratio");
    expect({ kind, value }).toEqual({ kind: "ratio", value: 18 / 4 });
    expect(interval?.low).toBeGreaterThan(2);
    expect(interval?.high).toBeLessThan(14);
  });

  it("gives a difference where values may be 0", () => {
    const none = { name: "none", values: [0, 0, 0, 0, 0, 0, 0] };
    expect(compare(none, none, "difference")).toEqual({
      ...{ kind: "difference", value: 0, interval: { low: 0, high: 0 } },
    });
    expect(() => compare(none, seven, "ratio")).toThrow("none: a ratio needs values above 0");
    expect(() => compare(seven, { name: "void", values: [] }, "difference")).toThrow("void");
  });

  it("has no interval with few values, and so excludes nothing", () => {
    const few = compare({ name: "few", values: [1, 1, 1] }, twice, "ratio");
    expect(few.interval).toBeUndefined();
    expect(excludesNoDifference(few)).toBe(false);
    expect(spreadOf(few)).toBeUndefined();
  });

  it("has the same size in both directions", () => {
    expect(sizeOf({ kind: "ratio", value: 0.5 })).toBe(2);
    expect(sizeOf({ kind: "ratio", value: 2 })).toBe(2);
    expect(sizeOf({ kind: "difference", value: -3 })).toBe(3);
  });

  it("takes the far end of the interval of two equal things for their spread", () => {
    const effect = { kind: "ratio", value: 1, interval: { low: 0.8, high: 1.1 } } as const;
    expect(spreadOf(effect)).toBe(1.25);
    expect(excludesNoDifference(effect)).toBe(false);
    expect(excludesNoDifference({ ...effect, interval: { low: 1.01, high: 1.1 } })).toBe(true);
    expect(
      excludesNoDifference({ kind: "difference", value: -1, interval: { low: -2, high: -1 } }),
    ).toBe(true);
  });
});
