/** IPv4 ranges: pure arithmetic over ipaddr.js, shared by the settings and the address planners. */
import ipaddr from "ipaddr.js";

/** A range: its first address and the length of its prefix in bits. */
export interface Cidr {
  readonly address: string;
  readonly bits: number;
}

/** Reads `10.0.0.0/8`; undefined unless it is IPv4 with all host bits zero. */
export function parseCidr(value: string): Cidr | undefined {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(value)) {
    return undefined;
  }
  const [address, bits] = ipaddr.IPv4.parseCIDR(value);
  const network = ipaddr.IPv4.networkAddressFromCIDR(value).toString();
  return network === address.toString() ? { address: network, bits } : undefined;
}

/** Whether an address is in a range. */
export function addressInside(address: string, range: string): boolean {
  const outer = parseCidr(range);
  return (
    outer !== undefined &&
    ipaddr.IPv4.isValidFourPartDecimal(address) &&
    ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parse(outer.address), outer.bits)
  );
}

/** Whether two ranges share an address; false when either is no range at all. */
export function rangesOverlap(a: string, b: string): boolean {
  const left = parseCidr(a);
  const right = parseCidr(b);
  return (
    left !== undefined &&
    right !== undefined &&
    (addressInside(left.address, b) || addressInside(right.address, a))
  );
}

/**
 * The n-th address of a range, counted from its network address.
 *
 * @throws RangeError when the range has no such address
 */
export function addressAt(range: string, n: number): string {
  const outer = parseCidr(range);
  if (outer === undefined || n < 0 || n >= 2 ** (32 - outer.bits)) {
    throw new RangeError(`${range} has no address number ${n}`);
  }
  const base = ipaddr.IPv4.parse(outer.address)
    .toByteArray()
    .reduce((sum, byte) => sum * 256 + byte, 0);
  const at = base + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(at / 2 ** shift) % 256).join(".");
}
