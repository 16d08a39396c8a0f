/** A stack as drills meet it: what can be done to it, and what belongs to which of its machines. */
import { join } from "node:path";

import { z } from "zod";

import { nodeName } from "../../config/names.ts";
import { readOutputs } from "../../lab/commands/outputs.ts";
import { PROJECT, RUN } from "../../lab/layout.ts";
import { existing } from "../../lab/machines/machine.ts";
import type { RunningStack } from "../../operator/stack.ts";
import { labSite } from "../lab-site.ts";
import type { Site } from "../site.ts";
import { stackSite } from "./stack-site.ts";
import type { Hands } from "./power.ts";

/** Where drills keep what they leave, a folder for each stack. */
export const DRILLS = join(PROJECT, ".fogline", "drills");

export interface Place {
  readonly site: Site;
  readonly isLab: boolean;
  /** Where the cloud's machines refuse to be deleted: a stack that is meant to stay. */
  readonly isProtected: boolean;
  /** Names of machines as the stack file has them; a node's name where a machine is not among them. */
  readonly machines: readonly string[];
  /** Public addresses by node. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Folder of the file that says which faults are in force. */
  readonly inForce: string;
  /**
   * Runs a script on a machine that is not waited for.
   *
   * @throws Error where the machine cannot be reached, or the script fails
   */
  readonly tryOn: (machine: string, script: string) => Promise<unknown>;
}

/** The part of the stack's output `inventory` that is asked for. */
const INVENTORY = z.array(z.object({ name: z.string(), publicAddress: z.string() }));
type Inventory = z.output<typeof INVENTORY>;

/** The lab that is up. @throws LabError when none is */
export async function labPlace(): Promise<Place> {
  const site = labSite();
  return {
    site,
    isLab: true,
    isProtected: false,
    machines: await existing(),
    addresses: addressesOf(INVENTORY.parse(readOutputs()["inventory"] ?? [])),
    // As experiments: a lab that is removed takes its faults with it.
    inForce: join(RUN, "faults"),
    tryOn: (machine, script) => site.onMachine(machine, script),
  };
}

/** A stack of the user's own. @throws OperatorError when its cluster does not answer */
export async function stackPlace(stack: RunningStack, hands: Hands): Promise<Place> {
  const { inventory } = stack.outputs;
  return {
    site: await stackSite(stack, hands),
    isLab: false,
    isProtected: stack.isProtected,
    machines: inventory.map(({ name }) => name),
    addresses: addressesOf(inventory),
    inForce: join(DRILLS, stack.name),
    tryOn: (machine, script) => stack.onMachine(machine, script),
  };
}

function addressesOf(inventory: Inventory): ReadonlyMap<string, string> {
  return new Map(inventory.map((machine) => [nodeName(machine), machine.publicAddress]));
}
