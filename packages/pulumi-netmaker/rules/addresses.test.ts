import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { capacity, planAddresses, type Member } from "./addresses.ts";
import { overlap, parseRange } from "./ranges.ts";

const kind = fc.constantFrom("host" as const, "client" as const);

/** Members with names of their own. */
const members = fc.uniqueArray(fc.record({ name: fc.string({ minLength: 1 }), kind }), {
  selector: ({ name }) => name,
  maxLength: 40,
});

const range = fc.constantFrom("10.101.0.0/16", "192.168.1.0/26", "fd00:101::/64");

function inside(address: string, of: string): boolean {
  const single = parseRange(`${address}/${address.includes(":") ? 128 : 32}`);
  const whole = parseRange(of);
  return single !== undefined && whole !== undefined && overlap(single, whole);
}

describe("addresses", () => {
  it("are inside the network, one for each member and no two the same", () => {
    fc.assert(
      fc.property(range, members, (network, joining) => {
        const plan = planAddresses(network, joining);
        expect([...plan.keys()]).toEqual(joining.map(({ name }) => name));
        expect(new Set(plan.values()).size).toBe(joining.length);
        expect([...plan.values()].every((address) => inside(address, network))).toBe(true);
      }),
    );
  });

  it("are none of those in use", () => {
    fc.assert(
      fc.property(members, members, (there, coming) => {
        const taken = new Set(planAddresses("10.101.0.0/16", there).values());
        const plan = planAddresses("10.101.0.0/16", coming, taken);
        expect([...plan.values()].filter((address) => taken.has(address))).toEqual([]);
      }),
    );
  });

  it("of members that were there do not change with those that come", () => {
    fc.assert(
      fc.property(range, members, fc.nat(), (network, joining, n) => {
        const before = planAddresses(network, joining.slice(0, n % (joining.length + 1)));
        const after = planAddresses(network, joining);
        expect([...before].every(([name, address]) => after.get(name) === address)).toBe(true);
      }),
    );
  });

  it("start at the front for hosts and at the end for clients", () => {
    const joining: Member[] = [
      { name: "master", kind: "host" },
      { name: "raspberrypi", kind: "client" },
      { name: "worker", kind: "host" },
      { name: "laptop", kind: "client" },
    ];
    expect([...planAddresses("10.101.0.0/16", joining).values()]).toEqual([
      "10.101.0.1",
      "10.101.255.254",
      "10.101.0.2",
      "10.101.255.253",
    ]);
    expect([...planAddresses("fd00:101::/64", joining.slice(0, 2)).values()]).toEqual([
      "fd00:101::1",
      "fd00:101::ffff:ffff:ffff:fffe",
    ]);
  });

  it("take a gap that a member left", () => {
    const taken = new Set(["10.101.0.1", "10.101.0.3"]);
    const joining: Member[] = [
      { name: "a", kind: "host" },
      { name: "b", kind: "host" },
    ];
    expect([...planAddresses("10.101.0.0/16", joining, taken).values()]).toEqual([
      "10.101.0.2",
      "10.101.0.4",
    ]);
  });

  it("run out where hosts and clients meet", () => {
    const joining: Member[] = ["a", "b", "c"].map((name, i) => ({
      name,
      kind: i % 2 === 0 ? "host" : "client",
    }));
    expect(capacity("10.101.0.0/30")).toBe(2n);
    expect(planAddresses("10.101.0.0/30", joining.slice(0, 2)).size).toBe(2);
    expect(() => planAddresses("10.101.0.0/30", joining)).toThrow(
      "10.101.0.0/30 has no address left for c: make it larger",
    );
  });

  it.each(["10.101.0.0/31", "fd00::/127", "10.101.0.0", "x"])("are none in %s", (network) => {
    expect(() => planAddresses(network, [])).toThrow("is no range for a network");
  });
});
