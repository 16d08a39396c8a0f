import { describe, expect, it } from "vitest";

import { widenedRows, writePorts, type FirewallRow } from "./firewall.ts";

function row(
  from: string[],
  ports: [number, number][] = [[22, 22]],
  protocol = "tcp",
): FirewallRow {
  return { rule: "ssh", group: "agents", machines: ["WorkerNode"], why: "", protocol, ports, from };
}

function added(base: FirewallRow[], head: FirewallRow): readonly string[] {
  return widenedRows(base, [head]).flatMap((widened) => widened.added);
}

describe("a firewall is widened", () => {
  it.each([
    ["by a larger range", ["203.0.113.7/32"], ["203.0.113.0/24"], ["203.0.113.0/24"]],
    [
      "by one more source",
      ["203.0.113.7/32"],
      ["203.0.113.7/32", "198.51.100.1/32"],
      ["198.51.100.1/32"],
    ],
    ["by everyone", ["203.0.113.7/32"], ["*"], ["*"]],
    ["by everyone over IPv6", ["203.0.113.7/32"], ["203.0.113.7/32", "::/0"], ["::/0"]],
    ["by a service tag", ["203.0.113.7/32"], ["AzureCloud"], ["AzureCloud"]],
  ])("%s", (_, before, after, expected) => {
    expect(added([row(before)], row(after))).toEqual(expected);
  });

  it("by another port, by more ports and by another protocol", () => {
    const base = [row(["*"])];
    expect(added(base, row(["*"], [[23, 23]]))).toEqual(["*"]);
    expect(added(base, row(["*"], [[22, 30]]))).toEqual(["*"]);
    expect(added(base, row(["*"], [[22, 22]], "udp"))).toEqual(["*"]);
  });
});

describe("a firewall is not widened", () => {
  it.each([
    ["by a part of what was open", ["203.0.113.0/24"], ["203.0.113.128/25"]],
    ["by what nobody on the internet has", ["203.0.113.7/32"], ["10.10.0.0/16", "VirtualNetwork"]],
    ["by another word for everyone", ["*"], ["Internet", "0.0.0.0/0"]],
    ["by less", ["203.0.113.7/32", "198.51.100.1/32"], ["203.0.113.7/32"]],
  ])("%s", (_, before, after) => {
    expect(added([row(before)], row(after))).toEqual([]);
  });

  it("by a rule for some of the ports of a wider one", () => {
    expect(added([row(["*"], [[0, 65535]], "any")], row(["*"]))).toEqual([]);
  });
});

it("writes ports as people do", () => {
  expect(
    writePorts(
      row(
        [],
        [
          [22, 22],
          [80, 90],
        ],
      ),
    ),
  ).toBe("22, 80-90/tcp");
  expect(writePorts(row([], [[0, 65535]], "any"))).toBe("all/any");
});
