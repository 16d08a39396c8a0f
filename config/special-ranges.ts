/**
 * Ranges that are no part of the public internet, and what each is kept for.
 *
 * Source: IANA's registry of special-purpose IPv4 addresses (RFC 6890), and Azure's rules for the
 * address space of a virtual network.
 */
import { addressInside, parseCidr, rangesOverlap } from "@fogline/azure-checks/cidr";

interface SpecialRange {
  readonly range: string;
  /** Completes the sentence "… is, or holds, an address". */
  readonly use: string;
}

/** Ranges that a private network may take (RFC 1918). */
export const PRIVATE_RANGES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] as const;

/** Ranges for examples (RFC 5737): nobody has an address in them. */
const DOCUMENTATION = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"] as const;

const RESERVED: readonly SpecialRange[] = [
  { range: "0.0.0.0/8", use: "for hosts that have no address yet" },
  { range: "100.64.0.0/10", use: "between internet providers and their customers (CGNAT)" },
  { range: "127.0.0.0/8", use: "of each computer's own loopback" },
  { range: "168.63.129.16/32", use: "of Azure's own DNS, DHCP and health checks" },
  { range: "169.254.0.0/16", use: "that a host gives itself (link-local)" },
  { range: "192.0.0.0/24", use: "for protocols (IETF)" },
  { range: "192.88.99.0/24", use: "of 6to4 relays" },
  { range: "198.18.0.0/15", use: "for benchmarks" },
  { range: "224.0.0.0/4", use: "for multicast" },
  { range: "240.0.0.0/4", use: "that is reserved" },
];

const ALL: readonly SpecialRange[] = [
  ...RESERVED,
  ...DOCUMENTATION.map((range) => ({ range, use: "for documentation" })),
  ...PRIVATE_RANGES.map((range) => ({ range, use: "of private networks" })),
];

/** Whether every address of a range is private. */
export function isPrivate(range: string): boolean {
  return PRIVATE_RANGES.some((outer) => liesInside(range, outer));
}

/** Whether every address of a range, or the address, is for documentation. */
export function isDocumentation(value: string): boolean {
  const range = value.includes("/") ? value : `${value}/32`;
  return DOCUMENTATION.some((outer) => liesInside(range, outer));
}

/** What a range that is not wholly private holds beside the public internet; undefined for nothing. */
export function reservedUse(range: string): string | undefined {
  return [...RESERVED, ...ALL].find((special) => rangesOverlap(special.range, range))?.use;
}

/** What the range is for that a range lies in as a whole; undefined for a public range. */
export function specialUse(range: string): string | undefined {
  return ALL.find((special) => liesInside(range, special.range))?.use;
}

/** Whether a range is a part of another one, or the same. */
export function liesInside(inner: string, outer: string): boolean {
  const narrow = parseCidr(inner);
  const wide = parseCidr(outer);
  return (
    narrow !== undefined &&
    wide !== undefined &&
    narrow.bits >= wide.bits &&
    addressInside(narrow.address, outer)
  );
}
