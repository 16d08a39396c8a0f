/** The cloud's network as nftables rules: public addresses are 1:1 NAT, security groups a filter. */
import type { SecurityRule } from "./shapes.ts";

/** One NIC as the fabric sees it. */
export interface FabricNic {
  readonly privateAddress: string;
  readonly publicAddress?: string;
  /** Ranges of the virtual network that the NIC is in. */
  readonly network: readonly string[];
  readonly rules: readonly SecurityRule[];
}

/** A way that a route table shows the machines of a subnet. */
export interface FabricRoute {
  readonly bridge: string;
  readonly prefix: string;
  /** Private address of the machine that forwards. */
  readonly via: string;
}

/**
 * The whole table, replacing whatever was there at once.
 *
 * A NIC's rules come first, by priority; then what Azure has by default: AllowVnetInBound and
 * DenyAllInBound. A NIC's private address is reached from its network alone. What comes by the
 * public address is the internet's, even from a machine of the same network.
 *
 * @param bridges the subnets' bridges
 * @param routes what machines send to others through one of them, which forwards it
 */
export function nftables(
  bridges: readonly string[],
  nics: readonly FabricNic[],
  routes: readonly FabricRoute[] = [],
): string {
  const open = nics.flatMap(({ privateAddress, publicAddress }) =>
    publicAddress === undefined ? [] : [{ privateAddress, publicAddress }],
  );
  const inward = open.map((c) => `    ip daddr ${c.publicAddress} dnat to ${c.privateAddress}`);
  const set = `{ ${bridges.map((bridge) => `"${bridge}"`).join(", ")} }`;
  const some = bridges.length > 0;
  const goto = nics.map((nic, n) => `${nic.privateAddress} : goto nic_${n}`).join(", ");
  return [
    "table ip fogline_azure",
    "delete table ip fogline_azure",
    "table ip fogline_azure {",
    ...nics.flatMap((nic, n) => chain(`nic_${n}`, nicRules(nic))),
    ...chain("nics", [...(goto === "" ? [] : [`    ip daddr vmap { ${goto} }`]), "    drop"]),
    ...chain("inbound", [
      "    ct status dnat goto nics",
      ...routes.map(({ bridge, prefix }) => `    iifname "${bridge}" ip daddr ${prefix} accept`),
      ...(some ? [`    iifname ${set} goto nics`] : []),
      "    drop",
    ]),
    ...chain("prerouting", ["    type nat hook prerouting priority dstnat;", ...inward]),
    // What the fabric itself starts is an unknown host on the internet.
    ...chain("local", ["    type nat hook output priority -100;", ...inward]),
    ...chain("postrouting", [
      "    type nat hook postrouting priority srcnat;",
      ...open.flatMap((c) => [
        ...(some
          ? [`    ip saddr ${c.privateAddress} oifname != ${set} snat to ${c.publicAddress}`]
          : []),
        // A machine that dials another one's public address is seen by its own.
        `    ip saddr ${c.privateAddress} ct status dnat snat to ${c.publicAddress}`,
      ]),
    ]),
    ...["forward", "output"].flatMap((hook) =>
      chain(hook, [
        `    type filter hook ${hook} priority filter;`,
        "    ct state established,related accept",
        ...(some ? [`    oifname ${set} goto inbound`] : []),
      ]),
    ),
    "}",
    "",
  ].join("\n");
}

function chain(name: string, lines: readonly string[]): string[] {
  return [`  chain ${name} {`, ...lines, "  }"];
}

function nicRules({ network, rules }: FabricNic): string[] {
  return [
    ...[...rules]
      .sort((a, b) => a.priority - b.priority)
      .map((rule) => {
        const verdict = rule.access.toLowerCase() === "allow" ? "accept" : "drop";
        const parts = [source(rule, network), protocol(rule), verdict];
        return `    ${parts.filter((part) => part !== "").join(" ")}`;
      }),
    "    ct status dnat drop",
    ...(network.length === 0 ? [] : [`    ip saddr { ${network.join(", ")} } accept`]),
    "    drop",
  ];
}

function source(rule: SecurityRule, network: readonly string[]): string {
  const one = rule.sourceAddressPrefix;
  const from = one === undefined ? (rule.sourceAddressPrefixes ?? []) : [one.toLowerCase()];
  if (from.includes("*")) {
    return "";
  }
  // Nothing but NAT leads in from outside the network.
  if (from.includes("internet")) {
    return "ct status dnat";
  }
  return `ip saddr { ${(from.includes("virtualnetwork") ? network : from).join(", ")} }`;
}

function protocol(rule: SecurityRule): string {
  const one = rule.destinationPortRange;
  const ports = one === undefined ? (rule.destinationPortRanges ?? []) : [one];
  const any = ports.includes("*");
  const name = rule.protocol.toLowerCase();
  switch (name) {
    case "*":
      return any ? "" : `meta l4proto { tcp, udp } th dport { ${ports.join(", ")} }`;
    case "icmp":
      return "meta l4proto icmp";
    default:
      return any ? `meta l4proto ${name}` : `${name} dport { ${ports.join(", ")} }`;
  }
}
