/**
 * Sizes of virtual machines: what each one has and can do.
 *
 * Source: Microsoft Learn, "Sizes for virtual machines in Azure", series pages Bpsv2, Basv2, Bsv2,
 * Bv1 (all dated 2026-03-10), Dpsv5, Dplsv5, Dsv5, Dasv5 and Fsv2 (2025). Families are the names that
 * `az vm list-usage` shows. Where a size can be had, and in which zones of a region, depends on the
 * subscription and the day; `az vm list-skus` tells.
 */

/** Processor architecture, as Azure names it. */
export type Architecture = "Arm64" | "x64";

export interface Size {
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly architecture: Architecture;
  /** Name of the quota that its cores count against. */
  readonly family: string;
  /** Whether its NICs may have accelerated networking. */
  readonly acceleratedNetworking: boolean;
  /** Whether it can be placed in a zone of a region that has zones. */
  readonly zones: boolean;
}

type Row = readonly [name: string, vcpus: number, memoryGiB: number];

function series(
  family: string,
  architecture: Architecture,
  acceleratedNetworking: boolean | ((name: string) => boolean),
  rows: readonly Row[],
): readonly (readonly [string, Size])[] {
  return rows.map(([name, vcpus, memoryGiB]) => [
    `Standard_${name}`,
    {
      vcpus,
      memoryMiB: memoryGiB * 1024,
      architecture,
      family,
      acceleratedNetworking:
        typeof acceleratedNetworking === "boolean"
          ? acceleratedNetworking
          : acceleratedNetworking(name),
      zones: true,
    },
  ]);
}

/** Of the first B series only the largest sizes have it. */
const LARGE_B = new Set(["B12ms", "B16ms", "B20ms"]);

const TABLE = [
  ...series("standardBpsv2Family", "Arm64", true, [
    ["B2pts_v2", 2, 1],
    ["B2pls_v2", 2, 4],
    ["B2ps_v2", 2, 8],
    ["B4pls_v2", 4, 8],
    ["B4ps_v2", 4, 16],
    ["B8pls_v2", 8, 16],
    ["B8ps_v2", 8, 32],
    ["B16pls_v2", 16, 32],
    ["B16ps_v2", 16, 64],
  ]),
  ...series("standardBasv2Family", "x64", true, [
    ["B2ats_v2", 2, 1],
    ["B2als_v2", 2, 4],
    ["B2as_v2", 2, 8],
    ["B4als_v2", 4, 8],
    ["B4as_v2", 4, 16],
    ["B8als_v2", 8, 16],
    ["B8as_v2", 8, 32],
    ["B16als_v2", 16, 32],
    ["B16as_v2", 16, 64],
    ["B32als_v2", 32, 64],
    ["B32as_v2", 32, 128],
  ]),
  ...series("standardBsv2Family", "x64", true, [
    ["B2ts_v2", 2, 1],
    ["B2ls_v2", 2, 4],
    ["B2s_v2", 2, 8],
    ["B4ls_v2", 4, 8],
    ["B4s_v2", 4, 16],
    ["B8ls_v2", 8, 16],
    ["B8s_v2", 8, 32],
    ["B16ls_v2", 16, 32],
    ["B16s_v2", 16, 64],
    ["B32ls_v2", 32, 64],
    ["B32s_v2", 32, 128],
  ]),
  ...series("standardBSFamily", "x64", (name) => LARGE_B.has(name), [
    ["B1ls", 1, 0.5],
    ["B1s", 1, 1],
    ["B1ms", 1, 2],
    ["B2s", 2, 4],
    ["B2ms", 2, 8],
    ["B4ms", 4, 16],
    ["B8ms", 8, 32],
    ["B12ms", 12, 48],
    ["B16ms", 16, 64],
    ["B20ms", 20, 80],
  ]),
  ...series("standardDPSv5Family", "Arm64", true, [
    ["D2ps_v5", 2, 8],
    ["D4ps_v5", 4, 16],
    ["D8ps_v5", 8, 32],
  ]),
  ...series("standardDPLSv5Family", "Arm64", true, [
    ["D2pls_v5", 2, 4],
    ["D4pls_v5", 4, 8],
    ["D8pls_v5", 8, 16],
  ]),
  ...series("standardDSv5Family", "x64", true, [
    ["D2s_v5", 2, 8],
    ["D4s_v5", 4, 16],
    ["D8s_v5", 8, 32],
  ]),
  ...series("standardDASv5Family", "x64", true, [
    ["D2as_v5", 2, 8],
    ["D4as_v5", 4, 16],
    ["D8as_v5", 8, 32],
  ]),
  ...series("standardFSv2Family", "x64", true, [
    ["F2s_v2", 2, 4],
    ["F4s_v2", 4, 8],
    ["F8s_v2", 8, 16],
  ]),
] as const;

/** Every size that can be checked, by Azure's name. */
export const SIZES: Readonly<Record<string, Size>> = Object.fromEntries(TABLE);

const BY_LOWER_CASE = new Map(TABLE.map(([name, size]) => [name.toLowerCase(), size]));

/** A size by its name, which Azure compares without regard to case. */
export function sizeOf(name: string): Size | undefined {
  return BY_LOWER_CASE.get(name.toLowerCase());
}
