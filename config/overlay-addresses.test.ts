import { addressInside } from "@fogline/azure-checks/cidr";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  enrolmentAddress,
  freeAddress,
  hubAddress,
  isMemberAddress,
  memberAddress,
  operatorAddress,
} from "./overlay-addresses.ts";

const range = "10.101.0.0/16";
const tier = fc.constantFrom("cloud" as const, "edge" as const);

describe("overlay addresses", () => {
  it("give the hub the first address, as the seed's gateway has", () => {
    expect(hubAddress(range)).toBe("10.101.0.1");
  });

  it("follow from tier and name alone, inside the tier's block", () => {
    fc.assert(
      fc.property(tier, fc.string(), (where, name) => {
        const address = memberAddress(range, where, name);
        expect(addressInside(address, range)).toBe(true);
        expect(isMemberAddress(range, where, address)).toBe(true);
        expect(isMemberAddress(range, where === "edge" ? "cloud" : "edge", address)).toBe(false);
        expect([hubAddress(range), operatorAddress(range)]).not.toContain(address);
        expect(memberAddress(range, where, name.toUpperCase())).toBe(
          memberAddress(range, where, name.toUpperCase().toLowerCase()),
        );
      }),
    );
  });

  it("are those that settings keep for a name", () => {
    const kept = { raspberrypi: "10.101.2.1" };
    expect(memberAddress(range, "edge", "raspberrypi", kept)).toBe("10.101.2.1");
    expect(memberAddress(range, "edge", "attic", kept)).not.toBe("10.101.2.1");
  });

  it("may be kept from .1 to .254 of the tier's block", () => {
    const allowed = ["10.101.2.0", "10.101.2.1", "10.101.2.254", "10.101.2.255", "10.101.1.1"];
    expect(allowed.filter((address) => isMemberAddress(range, "edge", address))).toEqual([
      "10.101.2.1",
      "10.101.2.254",
    ]);
  });

  it("advise a free one until the block is full", () => {
    const taken = new Set<string>();
    for (let i = 0; i < 254; i += 1) {
      const free = freeAddress(range, "edge", taken) ?? "";
      expect(isMemberAddress(range, "edge", free)).toBe(true);
      taken.add(free);
    }
    expect(freeAddress(range, "edge", taken)).toBeUndefined();
  });

  it("have a block of their own for enrolment", () => {
    expect(enrolmentAddress(range, "10.101.2.17")).toBe("10.101.3.17");
    expect(enrolmentAddress("10.8.252.0/22", "10.8.254.9")).toBe("10.8.255.9");
  });
});
