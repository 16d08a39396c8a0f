/**
 * What the cloud's parts cost, in USD, pay as you go. Pure.
 *
 * Source: Azure's public price list, East US, Linux, as known in 2025; never read from the service
 * itself, so treat sums as estimates: https://azure.microsoft.com/pricing/calculator has today's. Other
 * sizes and regions are added here.
 */
import type { Disk } from "./cloud.ts";

/** Where the table's figures come from, and of when. */
export const SOURCE = { name: "Azure's public price list, East US, Linux", date: "2025" } as const;

/** Hours of a month, as Azure counts them. */
const HOURS = 730;

/** USD per hour, by region and size. */
const SIZES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  eastus: {
    Standard_B2pts_v2: 0.0084,
    Standard_B2pls_v2: 0.0336,
    Standard_B2ps_v2: 0.0672,
    Standard_B2ats_v2: 0.0094,
    Standard_B2als_v2: 0.0376,
    Standard_B2as_v2: 0.0752,
    Standard_B2ts_v2: 0.0104,
    Standard_B2ls_v2: 0.0416,
    Standard_B2s_v2: 0.0832,
    Standard_B1s: 0.0104,
    Standard_B1ms: 0.0207,
    Standard_B2s: 0.0416,
    Standard_B2ms: 0.0832,
    Standard_B4ms: 0.166,
  },
};

/** Disks are billed by tier: the first that is large enough. GiB and USD per month. */
const DISKS: Readonly<Record<Disk["kind"], readonly (readonly [gib: number, usd: number])[]>> = {
  Standard_LRS: [
    [32, 1.54],
    [64, 3.01],
    [128, 5.89],
  ],
  StandardSSD_LRS: [
    [32, 2.4],
    [64, 4.8],
    [128, 9.6],
  ],
  Premium_LRS: [
    [32, 5.28],
    [64, 10.21],
    [128, 19.71],
  ],
};

/** A static public address of kind Standard. */
const ADDRESS = 0.005 * HOURS;

/** GiB of the disk that an image of Debian or Ubuntu brings. */
export const IMAGE_GIB = 30;

/** Price of a machine's size for a month; `undefined` when the table has none. */
export function sizeMonthly(size: string, location: string): number | undefined {
  const hourly = SIZES[location]?.[size];
  return hourly === undefined ? undefined : hourly * HOURS;
}

/** Price of a disk for a month; `undefined` for one that is larger than the table knows. */
export function diskMonthly(kind: string, sizeGiB: number = IMAGE_GIB): number | undefined {
  const tiers = Object.hasOwn(DISKS, kind) ? DISKS[kind as Disk["kind"]] : [];
  return tiers.find(([gib]) => sizeGiB <= gib)?.[1];
}

/** Price of a public address for a month. */
export function addressMonthly(): number {
  return ADDRESS;
}
