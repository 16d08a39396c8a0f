/** Ranges of addresses, IPv4 and IPv6, as the server reads them. Pure. */
import ipaddr from "ipaddr.js";

/** A range in CIDR notation, understood. */
export interface Range {
  readonly family: 4 | 6;
  readonly prefix: number;
  /** Its first address, as a number. */
  readonly first: bigint;
  /** Its last address, as a number. */
  readonly last: bigint;
}

/** Two ranges that have addresses in common, by their names. */
export interface Overlap {
  readonly one: string;
  readonly other: string;
}

/** A range's bounds; undefined for a malformed one. Host bits are dropped, as the server does. */
export function parseRange(text: string): Range | undefined {
  // Four numbers or colons: ipaddr.js also takes `10.1/8` and `0x0a000000/8`, which Go does not.
  if (!/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)\/\d{1,3}$/.test(text)) {
    return undefined;
  }
  if (/(^|\.)0\d/.test(text) || !ipaddr.isValidCIDR(text)) {
    return undefined;
  }
  const [address, prefix] = ipaddr.parseCIDR(text);
  const family = address.kind() === "ipv4" ? 4 : 6;
  const size = 1n << BigInt(bits(family) - prefix);
  const first = (toNumber(address.toByteArray()) / size) * size;
  return { family, prefix, first, last: first + size - 1n };
}

/** Bits of an address. */
export function bits(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

/** Whether two ranges have an address in common. */
export function overlap(one: Range, other: Range): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

/** Whether a range holds every address of another. */
export function contains(outer: Range, inner: Range): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

/** The range in CIDR notation, by its first address. */
export function rangeText(range: Range): string {
  return `${addressText(range.family, range.first)}/${range.prefix}`;
}

/** An address from its number. */
export function addressText(family: 4 | 6, address: bigint): string {
  const bytes = Array.from({ length: bits(family) / 8 }, (_, i) =>
    Number((address >> BigInt(bits(family) - 8 * (i + 1))) & 0xffn),
  );
  return ipaddr.fromByteArray(bytes).toString();
}

/**
 * Every pair of ranges that overlap, each pair once. The community edition lets egresses overlap, and
 * then routes the shared addresses to whichever member comes first.
 *
 * @param ranges by name: egresses, and the ranges of the network that they leave
 */
export function overlappingRanges(ranges: Readonly<Record<string, string>>): Overlap[] {
  const parsed = Object.entries(ranges).flatMap(([name, text]) => {
    const range = parseRange(text);
    return range === undefined ? [] : [{ name, range }];
  });
  return parsed.flatMap((one, i) =>
    parsed
      .slice(i + 1)
      .filter((other) => overlap(one.range, other.range))
      .map((other) => ({ one: one.name, other: other.name })),
  );
}

/** The fewest ranges that hold the same addresses as those given: what is inside another goes. */
export function withoutContained(ranges: readonly Range[]): Range[] {
  return ranges.filter(
    (range, i) =>
      !ranges.some(
        (other, j) => i !== j && contains(other, range) && !(contains(range, other) && i < j),
      ),
  );
}

function toNumber(bytes: readonly number[]): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
