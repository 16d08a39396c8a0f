/** How many cores a subscription may use in a region. */
import type { Refusal } from "./refusal.ts";
import { sizeOf } from "./sizes.ts";
import { place, textAt } from "./values.ts";
import { MACHINE, type Resource, type World } from "./world.ts";

/** Cores per region: of one family of sizes, and of all. */
export interface Quota {
  readonly family: number;
  readonly regional: number;
}

/** A subscription that is paid for ("Azure subscription limits": 20 cores per region and family). */
export const PAID: Quota = { family: 20, regional: 20 };
/** A free account: four cores per region ("Azure free account FAQ"; its page of quotas shows 4). */
export const FREE: Quota = { family: 4, regional: 4 };

/** A machine's cores beside those of every other machine in its region. */
export function checkQuota(machine: Resource, world: World, quota: Quota): Refusal[] {
  const own = coresOf(machine);
  const location = place(textAt(machine.inputs, "location") ?? "");
  if (own === undefined || location === "") {
    return [];
  }
  const others = before(machine, world).filter(
    ({ inputs }) => place(textAt(inputs, "location") ?? "") === location,
  );
  const used = (family?: string): number =>
    others
      .map(coresOf)
      .filter((cores) => family === undefined || cores?.family === family)
      .reduce((sum, cores) => sum + (cores?.vcpus ?? 0), 0);
  const exceeded = [
    { name: own.family, used: used(own.family), limit: quota.family },
    { name: "Total Regional", used: used(), limit: quota.regional },
  ].find((each) => each.used + own.vcpus > each.limit);
  return exceeded === undefined
    ? []
    : [
        {
          path: "hardwareProfile.vmSize",
          code: "OperationNotAllowed",
          message: `Operation could not be completed as it results in exceeding approved ${exceeded.name} Cores quota. Additional details - Deployment Model: Resource Manager, Location: ${location}, Current Limit: ${exceeded.limit}, Current Usage: ${exceeded.used}, Additional Required: ${own.vcpus}, (Minimum) New Limit Required: ${exceeded.used + own.vcpus}. Submit a request for Quota increase at https://aka.ms/azurequota.`,
        },
      ];
}

/** Machines that stand already, or are declared earlier: the first ones get the cores. */
function before(machine: Resource, world: World): readonly Resource[] {
  const machines = world.ofType(MACHINE);
  const own = machines.findIndex(({ id }) => id === machine.id);
  return world.complete || own === -1
    ? machines.filter(({ id }) => id !== machine.id)
    : machines.slice(0, own);
}

function coresOf(
  machine: Resource,
): { readonly vcpus: number; readonly family: string } | undefined {
  const size = textAt(machine.inputs, "hardwareProfile.vmSize");
  return size === undefined ? undefined : sizeOf(size);
}
