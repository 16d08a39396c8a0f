import { isIPv4 } from "node:net";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  addressText,
  contains,
  overlap,
  overlappingRanges,
  parseRange,
  rangeText,
  withoutContained,
  type Range,
} from "./ranges.ts";

/** Any range, of either family. */
export const anyRange = fc
  .oneof(
    fc.tuple(
      fc.constant(4 as const),
      fc.bigInt(0n, 2n ** 32n - 1n),
      fc.integer({ min: 0, max: 32 }),
    ),
    fc.tuple(
      fc.constant(6 as const),
      fc.bigInt(0n, 2n ** 128n - 1n),
      fc.integer({ min: 0, max: 128 }),
    ),
  )
  .map(([family, address, prefix]) => parseRange(`${addressText(family, address)}/${prefix}`))
  .filter((range): range is Range => range !== undefined);

describe("a range", () => {
  it("is the same after it was written and read", () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        expect(parseRange(rangeText(range))).toEqual(range);
      }),
    );
  });

  it("begins at its first address, whichever address of it is written", () => {
    expect(rangeText(parseRange("10.101.7.9/16") as Range)).toBe("10.101.0.0/16");
    expect(rangeText(parseRange("fd00:101::9/64") as Range)).toBe("fd00:101::/64");
  });

  it.each([
    "",
    "10.0.0.0",
    "10.0.0/8",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.256/8",
    "010.0.0.0/8",
    "0x0a000000/8",
    " 10.0.0.0/8",
    "10.0.0.0/8 ",
    "fd00::/129",
    "fd00:::/64",
    "gg::/64",
  ])("is not %j", (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it("overlaps another one exactly if one contains the other's start", () => {
    fc.assert(
      fc.property(anyRange, anyRange, (one, other) => {
        expect(overlap(one, other)).toBe(overlap(other, one));
        // Ranges are nested or apart: their sizes are powers of two, and so are their starts' steps.
        expect(overlap(one, other)).toBe(contains(one, other) || contains(other, one));
      }),
    );
  });

  it("of the one family never overlaps one of the other", () => {
    expect(overlap(parseRange("0.0.0.0/0") as Range, parseRange("::/0") as Range)).toBe(false);
  });
});

describe("overlapping ranges", () => {
  it("are found in pairs, each once", () => {
    expect(
      overlappingRanges({
        network: "10.101.0.0/16",
        cloud: "10.10.1.0/24",
        office: "10.10.0.0/16",
        home: "192.168.1.0/24",
        six: "fd00::/8",
      }),
    ).toEqual([{ one: "cloud", other: "office" }]);
  });

  it("are all pairs of equal ones", () => {
    expect(overlappingRanges({ a: "10.0.0.0/8", b: "10.0.0.0/8", c: "10.0.0.0/8" })).toHaveLength(
      3,
    );
  });
});

describe("the fewest ranges", () => {
  it("hold the same addresses, and none is inside another", () => {
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 8 }), (ranges) => {
        const kept = withoutContained(ranges);
        expect(ranges.every((range) => kept.some((one) => contains(one, range)))).toBe(true);
        expect(kept.every((range) => ranges.includes(range))).toBe(true);
        kept.forEach((one, i) => {
          kept.slice(i + 1).forEach((other) => {
            expect(overlap(one, other)).toBe(false);
          });
        });
      }),
    );
  });
});

describe("an address", () => {
  it("is written as its family writes it", () => {
    expect(isIPv4(addressText(4, 0n))).toBe(true);
    expect(addressText(4, 0x0a650001n)).toBe("10.101.0.1");
    expect(addressText(6, 1n)).toBe("::1");
  });
});
