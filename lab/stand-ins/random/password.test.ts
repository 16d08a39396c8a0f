import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { password } from "./password.ts";
import { RandomProvider } from "./provider.ts";

const urn = "urn:pulumi:lab::fogline::random:index/randomPassword:RandomPassword::token";

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
    expect(() => password({ length: 3, minLower: 4 })).toThrow("cannot keep rules");
  });
});

describe("the random stand-in", () => {
  const provider = new RandomProvider();

  it("makes a new value when an input changes, and only then", async () => {
    const olds = { length: 48, special: false, result: "x" };
    const same = await provider.diff("none", urn, olds, { special: false, length: 48 });
    expect(same.changes).toBe(false);
    const other = await provider.diff("none", urn, olds, { special: false, length: 32 });
    expect(other.replaces).toEqual(["length"]);
  });

  it("keeps a password's result secret", async () => {
    const made = await provider.create(urn, { length: 8 });
    expect((made.outs as Record<string, unknown>)["result"]).toHaveProperty("value");
  });

  it("refuses a field by name that it does not support", async () => {
    const checked = await provider.check(urn, {}, { length: 8, colour: "red" });
    expect(checked.failures).toEqual([expect.objectContaining({ property: "colour" })]);
  });
});
