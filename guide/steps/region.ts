/** What the region has for this subscription: image, sizes and cores, all problems at once. */
import { sizeOf, SIZES } from "@fogline/azure-checks/sizes";

import type { CloudMachineSettings, CloudSettings } from "../../config/cloud.ts";
import { sizeMonthly } from "../../config/prices.ts";
import { Azure, type ExistingMachine, type Sku, type Usage } from "../azure.ts";
import { GuideError } from "../error.ts";
import { nothingToDo, type Site, type Step } from "../step.ts";

/** Quota of all families together, as Azure names it. */
const REGIONAL = "cores";
/** Alternatives that are named. */
const NAMED = 3;

interface Wrong {
  readonly rule: string;
  readonly fixes: readonly string[];
}

export const region: Step = {
  name: "region",
  title: "Image, sizes and cores in the region",
  check: async (site) => {
    const cloud = cloudOf(site);
    const azure = new Azure(site.run);
    const { location } = cloud;
    const [isThere, skus, usage, existing] = await Promise.all([
      azure.hasImage(cloud.image, location),
      azure.sizes(location),
      azure.usage(location),
      azure.machines(),
    ]);
    const wrong = [
      ...(isThere ? [] : [await withdrawn(azure, cloud)]),
      ...sizeProblems(cloud, skus),
      ...coreProblems(cloud, usage, existing),
    ];
    if (wrong.length > 0) {
      throw new GuideError(wrong.map(({ rule }) => rule).join("\n"), {
        fixes: wrong.flatMap(({ fixes }) => fixes),
      });
    }
    const sizes = new Set(machinesOf(cloud).map(({ size }) => size));
    return `${location} has ${cloud.image}, ${[...sizes].join(", ")} and cores enough`;
  },
  action: nothingToDo,
};

/** @throws GuideError where the section cannot be read whole */
function cloudOf({ file }: Site): CloudSettings {
  const { cloud } = file.read().known;
  const { location, image, arch, master, workers, resourceGroup } = cloud;
  if ([location, image, arch, master, workers, resourceGroup].includes(undefined)) {
    throw new GuideError(`the section fogline:cloud of ${file.path} is not right`, {
      fixes: [`make plan STACK=${file.stack} says what is wrong in it`],
    });
  }
  return cloud as CloudSettings;
}

function machinesOf({ master, workers }: CloudSettings): readonly CloudMachineSettings[] {
  return [master, ...workers];
}

async function withdrawn(azure: Azure, { image, location }: CloudSettings): Promise<Wrong> {
  const newest = (await azure.versionsOf(image, location)).at(-1);
  const prefix = image.split(":").slice(0, 3).join(":");
  return {
    rule: `the image ${image} is not in ${location}: it was withdrawn, or never there`,
    fixes: [
      newest === undefined
        ? "choose another cloud.image or cloud.location: az vm image list --all shows images"
        : `write cloud.image: ${prefix}:${newest}, the newest one of its kind`,
    ],
  };
}

/** Sizes that the subscription cannot have where the stack wants them. */
export function sizeProblems(cloud: CloudSettings, skus: readonly Sku[]): Wrong[] {
  return machinesOf(cloud).flatMap(({ name, size, zone }) => {
    const why = refusalOf(size, zone, skus);
    if (why === undefined) {
      return [];
    }
    const others = alternatives(size, zone, cloud.location, skus);
    return [
      {
        rule: `${name}: ${size} is not to be had in ${cloud.location}${zone === undefined ? "" : `, zone ${zone}`}: ${why}`,
        fixes: [
          others.length === 0
            ? `choose another cloud.location for ${name}`
            : `give ${name} another size: ${others.join(", ")}; or choose another cloud.location`,
          ...(zone === undefined ? [] : [`or leave the zone of ${name} out`]),
        ],
      },
    ];
  });
}

/** Why a size cannot be had; undefined where it can. */
function refusalOf(
  size: string,
  zone: string | undefined,
  skus: readonly Sku[],
): string | undefined {
  const sku = skus.find(({ name }) => name.toLowerCase() === size.toLowerCase());
  if (sku === undefined) {
    return "the region does not have it";
  }
  const zones = (sku.locationInfo ?? []).flatMap((each) => each.zones ?? []);
  if (zone !== undefined && !zones.includes(zone)) {
    return zones.length === 0 ? "it is in no zone" : `it is in zones ${zones.sort().join(", ")}`;
  }
  const restriction = (sku.restrictions ?? []).find(({ type, restrictionInfo }) =>
    type === "Zone"
      ? zone !== undefined && (restrictionInfo?.zones ?? []).includes(zone)
      : type === "Location",
  );
  return restriction?.reasonCode ?? (restriction === undefined ? undefined : "it is restricted");
}

/** Sizes with the same processor, at least as large, that can be had; the cheapest first. */
function alternatives(
  size: string,
  zone: string | undefined,
  location: string,
  skus: readonly Sku[],
): string[] {
  const wanted = sizeOf(size);
  const price = (name: string): number => sizeMonthly(name, location) ?? Number.MAX_VALUE;
  return Object.entries(SIZES)
    .filter(
      ([name, { architecture, vcpus, memoryMiB }]) =>
        wanted !== undefined &&
        architecture === wanted.architecture &&
        vcpus >= wanted.vcpus &&
        memoryMiB >= wanted.memoryMiB &&
        refusalOf(name, zone, skus) === undefined,
    )
    .sort(([a, x], [b, y]) => price(a) - price(b) || x.vcpus - y.vcpus || x.memoryMiB - y.memoryMiB)
    .map(([name]) => name)
    .slice(0, NAMED);
}

/** Quotas that the machines which are still to be made do not fit into. */
export function coreProblems(
  cloud: CloudSettings,
  usage: readonly Usage[],
  existing: readonly ExistingMachine[],
): Wrong[] {
  const needs = new Map<string, number>();
  const add = (quota: string, cores: number): void => {
    needs.set(quota, (needs.get(quota) ?? 0) + cores);
  };
  for (const { name, size } of machinesOf(cloud)) {
    const own = sizeOf(size);
    if (own !== undefined) {
      const standing = existing.find(
        (other) =>
          other.name.toLowerCase() === name.toLowerCase() &&
          other.resourceGroup.toLowerCase() === cloud.resourceGroup.toLowerCase(),
      );
      const held = standing === undefined ? undefined : sizeOf(standing.hardwareProfile.vmSize);
      add(REGIONAL, own.vcpus - (held?.vcpus ?? 0));
      add(own.family, own.vcpus - (held?.family === own.family ? held.vcpus : 0));
    }
  }
  return [...needs].flatMap(([quota, cores]) => {
    const found = usage.find(({ name }) => name.value.toLowerCase() === quota.toLowerCase());
    const { currentValue = 0, limit = 0 } = found ?? {};
    const free = limit - currentValue;
    return cores <= free
      ? []
      : [
          {
            rule: `the stack needs ${cores} more cores of ${found?.name.localizedValue ?? quota} in ${cloud.location}: ${currentValue} of ${limit} are used`,
            fixes: [coresFix(quota, limit)],
          },
        ];
  });
}

/** A free account has four cores in a region, and no request raises them ("Azure free account FAQ"). */
function coresFix(quota: string, limit: number): string {
  const less = "use fewer or smaller machines, or another cloud.location";
  return limit <= 4 && quota === REGIONAL
    ? `${less}; a free account keeps 4 cores: upgrade it to pay-as-you-go, and ask for more at https://aka.ms/azurequota`
    : `${less}; or ask for more at https://aka.ms/azurequota`;
}
