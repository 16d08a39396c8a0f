import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { addressInside } from "../../config/cidr.ts";
import { agentAddress, hubAddress, operatorAddress } from "./addresses.ts";

const range = "10.101.0.0/16";
const machine = fc.record({
  tier: fc.constantFrom("cloud" as const, "edge" as const),
  index: fc.integer({ min: 0, max: 253 }),
});

describe("overlay addresses", () => {
  it("give the hub the first address, as the seed's gateway has", () => {
    expect(hubAddress(range)).toBe("10.101.0.1");
  });

  it("lie in the range and differ between machines", () => {
    fc.assert(
      fc.property(machine, machine, (a, b) => {
        const [left, right] = [a, b].map(({ tier, index }) => agentAddress(range, tier, index));
        expect(addressInside(left as string, range)).toBe(true);
        expect([hubAddress(range), operatorAddress(range)]).not.toContain(left);
        expect(left === right).toBe(a.tier === b.tier && a.index === b.index);
      }),
    );
  });

  it("refuse the machine that no longer fits", () => {
    expect(() => agentAddress(range, "edge", 254)).toThrow("edge machine number 255");
  });
});
