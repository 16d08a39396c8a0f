/** Addresses of the overlay's members: pure. Adding a machine never moves another. */
import { addressAt } from "../../config/cidr.ts";

/** The hub is the first address of the range (S0-20). */
export function hubAddress(range: string): string {
  return addressAt(range, 1);
}

/** The operator's computer. */
export function operatorAddress(range: string): string {
  return addressAt(range, 2);
}

/**
 * The n-th agent of a tier. Each tier has a block of 256 of its own, so that one more worker leaves
 * the addresses of edge devices alone.
 *
 * @throws RangeError when the tier's block is full
 */
export function agentAddress(range: string, tier: "cloud" | "edge", index: number): string {
  if (index < 0 || index > 253) {
    throw new RangeError(`the overlay has no address for ${tier} machine number ${index + 1}`);
  }
  return addressAt(range, (tier === "cloud" ? 256 : 512) + 1 + index);
}
