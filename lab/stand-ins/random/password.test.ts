import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { password } from "./password.ts";

describe("a random password", () => {
  it("keeps its length and the least number of each class", () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), fc.integer({ min: 10, max: 64 }), (low, digits, length) => {
        const made = password({ length, special: false, minLower: low, minNumeric: digits });
        expect(made).toHaveLength(length);
        expect(made).toMatch(/^[A-Za-z0-9]*$/);
        expect(made.match(/[a-z]/g)?.length ?? 0).toBeGreaterThanOrEqual(low);
        expect(made.match(/[0-9]/g)?.length ?? 0).toBeGreaterThanOrEqual(digits);
      }),
    );
  });

  it("refuses rules that do not fit into the length", () => {
    expect(() => password({ length: 3, minLower: 4 })).toThrow("is 3, less than the 4 characters");
  });
});
