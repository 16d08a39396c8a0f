import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  clientIdRefusals,
  keyNameRefusals,
  networkNameRefusals,
  networkRefusals,
  recordNameRefusals,
} from "./refusals.ts";

const good = { name: "netmaker", addressRange: "10.101.0.0/16" };

describe("a network", () => {
  it("has nothing against it when it is good", () => {
    expect(networkRefusals(good)).toEqual([]);
    expect(networkRefusals({ name: "six", addressRange6: "fd00:101::/64" })).toEqual([]);
    const others = [{ name: "other", addressRange: "10.102.0.0/16", addressRange6: "fd00::/64" }];
    expect(networkRefusals({ ...good, keepalive: 1000 }, others)).toEqual([]);
  });

  it("has every problem at once, each with field, rule and fix", () => {
    const problems = networkRefusals({
      name: "Über uns",
      addressRange: "10.101.0.0/31",
      addressRange6: "10.0.0.0/8",
      keepalive: 1001,
    });
    expect(problems.map(({ field }) => field)).toEqual([
      "name",
      "addressRange",
      "addressRange6",
      "keepalive",
    ]);
    expect(problems.every(({ rule, fix }) => rule !== "" && fix !== "")).toBe(true);
  });

  it("needs a range", () => {
    expect(networkRefusals({ name: "netmaker" })).toMatchObject([{ field: "addressRange" }]);
    expect(networkRefusals({ name: "netmaker", addressRange: "" })).toHaveLength(1);
  });

  it("needs a name and a range that no other one has", () => {
    expect(networkRefusals(good, [good])).toMatchObject([
      { field: "name", rule: "netmaker exists" },
      { field: "addressRange", rule: "overlaps 10.101.0.0/16 of network netmaker" },
    ]);
    const six = { name: "six", addressRange6: "fd00:101::/64" };
    expect(networkRefusals({ ...six, name: "other" }, [six])).toMatchObject([
      { field: "addressRange6" },
    ]);
  });

  it("has a name of 1 to 32 of a-z, 0-9, - and _", () => {
    const letter = fc.constantFrom(...Array.from("abcdefghijklmnopqrstuvwxyz0123456789-_"));
    fc.assert(
      fc.property(fc.string({ unit: letter, minLength: 1, maxLength: 32 }), (name) => {
        expect(networkNameRefusals(name)).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: letter, minLength: 33 }), (name) => {
        expect(networkNameRefusals(name)).toHaveLength(1);
      }),
    );
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.constantFrom("A", "Z", " ", ".", "é", "/"),
        (rest, bad) => {
          expect(networkNameRefusals(rest + bad)).not.toEqual([]);
        },
      ),
    );
    expect(networkNameRefusals("")).toHaveLength(1);
  });
});

describe.each([
  [
    "an external client's id",
    clientIdRefusals,
    ["pi-01", "Raspberry-Pi", "p".repeat(32)],
    ["", "pi-1", "p".repeat(33), "rasp_pi", "rasp.pi", "pí-0001"],
  ],
  [
    "an enrolment key's name",
    keyNameRefusals,
    ["abc", "any thing_at.all", "é".repeat(32)],
    ["", "ab", "k".repeat(33)],
  ],
  [
    "a DNS record's name",
    recordNameRefusals,
    ["a", "pi.netmaker", "n".repeat(192)],
    ["", "a_b", "a b", "n".repeat(193)],
  ],
] as const)("%s", (_, refusals, accepted, refused) => {
  it.each(accepted)("may be %j", (name) => {
    expect(refusals(name)).toEqual([]);
  });

  it.each(refused)("may not be %j", (name) => {
    expect(refusals(name)).toHaveLength(1);
  });
});
