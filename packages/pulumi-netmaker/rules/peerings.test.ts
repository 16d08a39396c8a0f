import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { planAddresses } from "./addresses.ts";
import { planPeerings, type MeshEgress, type MeshMember, type Peering } from "./peerings.ts";
import { contains, overlap, parseRange, type Range } from "./ranges.ts";

const RANGE = "10.101.0.0/16";

interface Mesh {
  readonly members: MeshMember[];
  readonly egresses: MeshEgress[];
}

/** Hosts, clients behind some of them, and egresses through some of them. */
const mesh: fc.Arbitrary<Mesh> = fc
  .tuple(
    fc.integer({ min: 1, max: 6 }),
    fc.array(fc.nat(), { maxLength: 6 }),
    fc.uniqueArray(fc.nat({ max: 255 }), { maxLength: 4 }),
  )
  .map(([hosts, gateways, ranges]) => ({
    members: [
      ...Array.from({ length: hosts }, (_, i) => ({ name: `host-${i}`, kind: "host" as const })),
      ...gateways.map((gateway, i) => ({
        name: `client-${i}`,
        kind: "client" as const,
        gateway: `host-${gateway % hosts}`,
      })),
    ],
    egresses: ranges.map((part, i) => ({ range: `10.10.${part}.0/24`, host: `host-${i % hosts}` })),
  }));

function plan({ members, egresses }: Mesh): Peering[] {
  return planPeerings(RANGE, members, planAddresses(RANGE, members), egresses);
}

function ranges(texts: readonly string[]): Range[] {
  return texts.map((text) => parseRange(text) as Range);
}

describe("peerings", () => {
  it("have two sides", () => {
    fc.assert(
      fc.property(mesh, (some) => {
        const peerings = plan(some);
        const pairs = new Set(peerings.map(({ from, to }) => `${from} ${to}`));
        expect(pairs.size).toBe(peerings.length);
        expect(peerings.every(({ from, to }) => pairs.has(`${to} ${from}`))).toBe(true);
        expect(peerings.every(({ from, to }) => from !== to)).toBe(true);
      }),
    );
  });

  it("give every member exactly one way to every other, and to every egress but its own", () => {
    fc.assert(
      fc.property(mesh, (some) => {
        const peerings = plan(some);
        const addresses = planAddresses(RANGE, some.members);
        for (const member of some.members) {
          const routes = ranges(
            peerings
              .filter(({ from }) => from === member.name)
              .flatMap((peering) => peering.routes),
          );
          const others = some.members.filter((other) => other !== member);
          const targets = ranges([
            ...others.map(({ name }) => `${addresses.get(name) ?? ""}/32`),
            ...some.egresses.filter(({ host }) => host !== member.name).map(({ range }) => range),
          ]);
          for (const target of targets) {
            expect(routes.filter((route) => contains(route, target))).toHaveLength(1);
          }
        }
      }),
    );
  });

  it("have no route that another one of the same member covers", () => {
    fc.assert(
      fc.property(mesh, (some) => {
        const peerings = plan(some);
        for (const { name } of some.members) {
          const routes = ranges(
            peerings.filter(({ from }) => from === name).flatMap((peering) => peering.routes),
          );
          routes.forEach((one, i) => {
            expect(routes.slice(i + 1).some((other) => overlap(one, other))).toBe(false);
          });
        }
      }),
    );
  });

  it("of a client are with its gateway alone", () => {
    fc.assert(
      fc.property(mesh, (some) => {
        for (const member of some.members) {
          if (member.kind === "client") {
            const mine = plan(some).filter(({ from }) => from === member.name);
            expect(mine.map(({ to }) => to)).toEqual([member.gateway]);
          }
        }
      }),
    );
  });

  it.each([
    ["the network", [{ range: "10.101.4.0/24", host: "host-0" }]],
    [
      "each other",
      [
        { range: "10.10.0.0/16", host: "host-0" },
        { range: "10.10.1.0/24", host: "host-0" },
      ],
    ],
  ])("are refused when egresses overlap %s", (_, egresses) => {
    const members: MeshMember[] = [{ name: "host-0", kind: "host" }];
    expect(() => plan({ members, egresses })).toThrow(/overlaps .*: choose another range/);
  });
});
