/**
 * Azure's public regions and whether they have availability zones.
 *
 * Source: Microsoft Learn, "List of Azure regions", as of 2025-10. Regions that need an extra
 * request for access (e.g. Germany North) are left out, as Azure refuses them to most subscriptions.
 */
import { place } from "./values.ts";

const ZONED =
  "australiaeast brazilsouth canadacentral centralindia centralus chilecentral eastasia eastus " +
  "eastus2 francecentral germanywestcentral indonesiacentral israelcentral italynorth japaneast " +
  "japanwest koreacentral malaysiawest mexicocentral newzealandnorth northeurope norwayeast " +
  "polandcentral qatarcentral southafricanorth southcentralus southeastasia spaincentral " +
  "swedencentral switzerlandnorth uaenorth uksouth westeurope westus2 westus3 austriaeast " +
  "belgiumcentral";
const UNZONED =
  "australiacentral australiacentral2 australiasoutheast canadaeast jioindiawest koreasouth " +
  "northcentralus southindia ukwest westcentralus westindia westus";

/** Zones of every region; none where it has no zones. */
export const REGIONS: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ...ZONED.split(" ").map((name): [string, string[]] => [name, ["1", "2", "3"]]),
  ...UNZONED.split(" ").map((name): [string, string[]] => [name, []]),
]);

/** Zones of a region; undefined where there is no such region. */
export function zonesOf(location: string): readonly string[] | undefined {
  return REGIONS.get(place(location));
}
