/** Rules and plans that need no server. */
export { capacity, planAddresses, type AddressPlan, type Member } from "./addresses.ts";
export { planPeerings, type MeshEgress, type MeshMember, type Peering } from "./peerings.ts";
export { overlappingRanges, parseRange, type Overlap, type Range } from "./ranges.ts";
export {
  clientIdRefusals,
  keyNameRefusals,
  networkNameRefusals,
  networkRefusals,
  recordNameRefusals,
  type PlannedNetwork,
  type Refusal,
} from "./refusals.ts";
