/**
 * Addresses of the overlay's members: pure. A member's address follows from its tier and its name
 * alone, so that no machine that comes, goes or comes back moves another.
 */
import { createHash } from "node:crypto";

import { addressAt, addressInside } from "@fogline/azure-checks/cidr";

/** Where a member lives; each tier has a block of 256 addresses of its own. */
export type Tier = "cloud" | "edge";

/** TCP port of the hub's enrolment, on its overlay address alone; unassigned at IANA. */
export const ENROLMENT_PORT = "7471";

/** Addresses in a tier's block that members may have: .1 to .254, so that none looks special. */
export const SLOTS = 254;

/** The hub is the first address of the range (S0-20). */
export function hubAddress(range: string): string {
  return addressAt(range, 1);
}

/** The operator's computer. */
export function operatorAddress(range: string): string {
  return addressAt(range, 2);
}

/**
 * A member's address: the one that is kept for its name, else the one that its name gives.
 *
 * @param kept addresses by member name, as settings hold them
 */
export function memberAddress(
  range: string,
  tier: Tier,
  name: string,
  kept: Readonly<Record<string, string>> = {},
): string {
  // A device may be called `constructor`: only what the settings wrote counts.
  const own = Object.hasOwn(kept, name) ? kept[name] : undefined;
  return own ?? slotAddress(range, tier, slotOf(name));
}

/** Whether an address may be kept for a member of a tier. */
export function isMemberAddress(range: string, tier: Tier, address: string): boolean {
  const block = slotAddress(range, tier, 0);
  const last = slotAddress(range, tier, SLOTS + 1);
  return addressInside(address, `${block}/24`) && address !== block && address !== last;
}

/** A free address of a tier, for the advice on two names that give the same one. */
export function freeAddress(
  range: string,
  tier: Tier,
  taken: ReadonlySet<string>,
): string | undefined {
  return Array.from({ length: SLOTS }, (_, i) => slotAddress(range, tier, i + 1)).find(
    (address) => !taken.has(address),
  );
}

/**
 * Where an edge device stands while it joins by a bundle: the address in the block for enrolment
 * that has the device's own number.
 */
export function enrolmentAddress(range: string, deviceAddress: string): string {
  return addressAt(range, BLOCKS.enrolment + Number(deviceAddress.split(".")[3]));
}

/** First addresses of the blocks, counted from the range's start; block 0 is hub and operator. */
const BLOCKS = { cloud: 256, edge: 512, enrolment: 768 } as const;

function slotAddress(range: string, tier: Tier, slot: number): string {
  return addressAt(range, BLOCKS[tier] + slot);
}

/** A number from 1 to 254 that differs for similar names. */
function slotOf(name: string): number {
  const hash = createHash("sha256").update(name.toLowerCase()).digest();
  return 1 + (hash.readUInt32BE(0) % SLOTS);
}
