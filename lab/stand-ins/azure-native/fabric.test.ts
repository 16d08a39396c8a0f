import { describe, expect, it } from "vitest";

import { nftables, type FabricNic } from "./fabric.ts";
import { SSH_RULE } from "./testing/cloud.ts";

const NIC: FabricNic = {
  privateAddress: "10.10.1.4",
  publicAddress: "203.0.113.10",
  network: ["10.10.0.0/16"],
  rules: [SSH_RULE],
};

/** The lines of a chain. */
function chain(text: string, name: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const start = lines.indexOf(`chain ${name} {`) + 1;
  return lines.slice(start, lines.indexOf("}", start));
}

function rulesOf(...rules: Readonly<Record<string, unknown>>[]): string[] {
  const nic = { ...NIC, rules: rules.map((rule) => ({ ...SSH_RULE, ...rule })) };
  return chain(nftables(["br-a"], [nic]), "nic_0");
}

describe("the fabric's rules", () => {
  it("replace the table whole, and stand without a subnet", () => {
    const empty = nftables([], []);
    expect(empty).toMatch(/^table ip fogline_azure\ndelete table ip fogline_azure\ntable ip/);
    expect(empty).not.toContain("{  }");
    expect(chain(empty, "nics")).toEqual(["drop"]);
  });

  it("come by priority, before what Azure allows by default", () => {
    const late = { name: "no", priority: 200, access: "Deny", protocol: "*" } as const;
    expect(
      rulesOf({ ...late, destinationPortRange: "*", sourceAddressPrefix: "VirtualNetwork" }, {}),
    ).toEqual([
      "tcp dport { 22 } accept",
      "ip saddr { 10.10.0.0/16 } drop",
      "ct status dnat drop",
      "ip saddr { 10.10.0.0/16 } accept",
      "drop",
    ]);
  });

  it("say sources and ports as given", () => {
    const from = { sourceAddressPrefix: undefined, sourceAddressPrefixes: ["198.51.100.2"] };
    const ports = { destinationPortRange: undefined, destinationPortRanges: ["80", "90-99"] };
    expect(rulesOf(from)[0]).toBe("ip saddr { 198.51.100.2 } tcp dport { 22 } accept");
    expect(rulesOf(ports)[0]).toBe("tcp dport { 80, 90-99 } accept");
    expect(rulesOf({ sourceAddressPrefix: "Internet", protocol: "Udp" })[0]).toBe(
      "ct status dnat udp dport { 22 } accept",
    );
    expect(rulesOf({ protocol: "*" })[0]).toBe("meta l4proto { tcp, udp } th dport { 22 } accept");
    expect(rulesOf({ protocol: "Icmp" })[0]).toBe("meta l4proto icmp accept");
  });

  it("let nothing in from outside but what was sent to a public address", () => {
    const text = nftables(["br-a"], [NIC]);
    expect(chain(text, "inbound")).toEqual([
      "ct status dnat goto nics",
      'iifname { "br-a" } goto nics',
      "drop",
    ]);
    expect(chain(text, "forward").at(-1)).toBe('oifname { "br-a" } goto inbound');
    expect(chain(text, "prerouting").at(-1)).toBe("ip daddr 203.0.113.10 dnat to 10.10.1.4");
  });

  it("give a NIC without a public address no NAT", () => {
    const hidden = { privateAddress: "10.10.1.4", network: NIC.network, rules: [] };
    expect(nftables(["br-a"], [hidden])).not.toMatch(/[ds]nat to/);
  });
});
