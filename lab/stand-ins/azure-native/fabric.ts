/** The cloud's network as nftables rules: public addresses are 1:1 NAT, security groups a filter. */
import type { SecurityRule } from "./shapes.ts";

/** One network card as the fabric sees it. */
export interface FabricCard {
  readonly privateAddress: string;
  readonly publicAddress?: string;
  readonly rules: readonly SecurityRule[];
}

/** One subnet with its bridge. */
export interface FabricSubnet {
  readonly bridge: string;
  /** Ranges of the virtual network around it. */
  readonly network: readonly string[];
}

/**
 * The whole table, replacing whatever was there at once.
 *
 * Traffic inside the network is allowed, whatever else comes in is dropped unless a rule lets it in:
 * Azure's default rules AllowVnetInBound and DenyAllInBound.
 */
export function nftables(subnets: readonly FabricSubnet[], cards: readonly FabricCard[]): string {
  const open = cards.flatMap((card) =>
    card.publicAddress === undefined
      ? []
      : [{ privateAddress: card.privateAddress, publicAddress: card.publicAddress }],
  );
  const inward = open.map((c) => `    ip daddr ${c.publicAddress} dnat to ${c.privateAddress}`);
  const bridges = subnets.map(({ bridge }) => `"${bridge}"`).join(", ");
  const entry = subnets.length === 0 ? [] : [`    oifname { ${bridges} } jump inbound`];
  return [
    "table ip fogline_azure",
    "delete table ip fogline_azure",
    "table ip fogline_azure {",
    "  chain prerouting {",
    "    type nat hook prerouting priority dstnat; policy accept;",
    ...inward,
    "  }",
    "  chain postrouting {",
    "    type nat hook postrouting priority srcnat; policy accept;",
    ...open.flatMap((c) => [
      ...(bridges === ""
        ? []
        : [
            `    ip saddr ${c.privateAddress} oifname != { ${bridges} } snat to ${c.publicAddress}`,
          ]),
      // A machine that dials another one's public address is seen by its own.
      `    ip saddr ${c.privateAddress} ct status dnat snat to ${c.publicAddress}`,
    ]),
    "  }",
    "  chain forward {",
    "    type filter hook forward priority filter; policy accept;",
    "    ct state established,related accept",
    ...entry,
    "  }",
    "  chain inbound {",
    "    ct status dnat jump rules",
    ...subnets.flatMap((subnet) => subnet.network.map((range) => `    ip saddr ${range} accept`)),
    "    jump rules",
    "  }",
    "  chain rules {",
    ...cards.flatMap((card) => inboundRules(card)),
    "    drop",
    "  }",
    "}",
    "",
  ].join("\n");
}

function inboundRules({ privateAddress, rules }: FabricCard): string[] {
  return [...rules]
    .filter(({ direction }) => direction === "Inbound")
    .sort((a, b) => a.priority - b.priority)
    .map((rule) => {
      const ports = rule.destinationPortRange ?? "*";
      return [
        `    ip daddr ${privateAddress}`,
        source(rule),
        protocol(rule, ports),
        rule.access === "Allow" ? "accept" : "drop",
      ]
        .filter((part) => part !== "")
        .join(" ");
    });
}

function source(rule: SecurityRule): string {
  const from = [
    ...(rule.sourceAddressPrefixes ?? []),
    ...(rule.sourceAddressPrefix === undefined ? [] : [rule.sourceAddressPrefix]),
  ].filter((prefix) => prefix !== "*" && prefix !== "Internet");
  return from.length === 0 ? "" : `ip saddr { ${from.join(", ")} }`;
}

function protocol(rule: SecurityRule, ports: string): string {
  if (rule.protocol === "*") {
    return ports === "*" ? "" : `th dport ${ports}`;
  }
  const name = rule.protocol.toLowerCase();
  return ports === "*" || name === "icmp" ? `ip protocol ${name}` : `${name} dport ${ports}`;
}
