/** What a security group lets in, as data; the firewall's table and its policies read it. */
import ipaddr from "ipaddr.js";

import type { Declared } from "./policy.ts";
import { at, listAt, textAt, textsAt } from "./values.ts";

/** One allowed way in. */
export interface Opening {
  readonly rule: string;
  /** `tcp`, `udp`, … or `any`. */
  readonly protocol: string;
  /** First and last port. */
  readonly ports: readonly (readonly [number, number])[];
  /** Ranges or service tags as the rule has them; `*` for everyone. */
  readonly from: readonly string[];
  readonly description?: string;
}

/** Written by Azure for everyone; a range of no bits is the same. */
const EVERYONE = ["*", "any", "internet", "0.0.0.0/0", "::/0"];
/** Ranges that no packet from the internet comes from (RFC 1918, RFC 6598). */
const INTERNAL = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
const INTERNAL_TAGS = ["virtualnetwork", "azureloadbalancer"];

/** Every inbound rule that allows; none for a resource that is no security group. */
export function openingsOf({ type, inputs }: Declared): Opening[] {
  switch (type) {
    case "azure-native:network:NetworkSecurityGroup":
      return listAt(inputs, "securityRules").flatMap((rule) => opening(rule));
    case "azure-native:network:SecurityRule":
      return opening({ name: inputs["securityRuleName"], ...inputs });
    default:
      return [];
  }
}

function opening(rule: unknown): Opening[] {
  const is = (key: string, value: string): boolean =>
    textAt(rule, key)?.toLowerCase() === value || at(rule, key) === undefined;
  if (!is("access", "allow") || !is("direction", "inbound")) {
    return [];
  }
  const protocol = textAt(rule, "protocol")?.toLowerCase() ?? "any";
  const description = textAt(rule, "description");
  return [
    {
      rule: textAt(rule, "name") ?? "unnamed",
      protocol: protocol === "*" ? "any" : protocol,
      ports: both(rule, "destinationPortRange").map(portRange),
      from: both(rule, "sourceAddressPrefix"),
      ...(description === undefined ? {} : { description }),
    },
  ];
}

/** Azure writes one value under `key` and several under `keys` or `keyes`. */
function both(rule: unknown, key: string): string[] {
  const one = textAt(rule, key);
  const many = textsAt(rule, key.endsWith("x") ? `${key}es` : `${key}s`);
  return [...(one === undefined || one === "" ? [] : [one]), ...many];
}

function portRange(text: string): readonly [number, number] {
  if (text === "*") {
    return [0, 65535];
  }
  const [first = 0, last = first] = text.split("-").map(Number);
  return [first, last];
}

/** Whether a source is everyone. */
export function isEveryone(source: string): boolean {
  return EVERYONE.includes(source.toLowerCase()) || source.endsWith("/0");
}

/** Whether packets from the internet can have this source. */
export function isPublic(source: string): boolean {
  return (
    !INTERNAL_TAGS.includes(source.toLowerCase()) &&
    !INTERNAL.some((range) => covers(range, source))
  );
}

/** Whether every address of `inner` is one of `outer`; false for what is neither range nor address. */
export function covers(outer: string, inner: string): boolean {
  if (outer === inner || isEveryone(outer)) {
    return true;
  }
  const wide = range(outer);
  const narrow = range(inner);
  return (
    wide !== undefined &&
    narrow !== undefined &&
    wide[0].kind() === narrow[0].kind() &&
    narrow[1] >= wide[1] &&
    narrow[0].match(wide)
  );
}

/** Number of addresses of a range; undefined for a service tag. */
export function sizeOf(source: string): number | undefined {
  const parsed = isEveryone(source) ? range("0.0.0.0/0") : range(source);
  return parsed === undefined
    ? undefined
    : 2 ** ((parsed[0].kind() === "ipv4" ? 32 : 128) - parsed[1]);
}

/** Whether one of the ranges holds a port. */
export function holdsPort(ports: Opening["ports"], port: number): boolean {
  return ports.some(([first, last]) => first <= port && port <= last);
}

function range(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  if (ipaddr.isValidCIDR(text)) {
    return ipaddr.parseCIDR(text);
  }
  return ipaddr.isValid(text)
    ? [ipaddr.parse(text), ipaddr.parse(text).kind() === "ipv4" ? 32 : 128]
    : undefined;
}
