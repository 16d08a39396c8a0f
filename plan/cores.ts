/** How much a stack's machines take of the cores that a subscription may use in a region. */
import { sizeOf } from "@fogline/azure-checks/sizes";

import { textAt } from "../policy/values.ts";
import type { Snapshot } from "./snapshot.ts";

/** Cores (vCPUs) of a stack's machines. */
export interface Cores {
  readonly total: number;
  /** By family of sizes, each by the name of its own quota, as `az vm list-usage` shows it. */
  readonly families: Readonly<Record<string, number>>;
  /** Machines of a size that is in no table: the sums are too low by them. */
  readonly unknown: readonly string[];
  /** Most that the stack's settings allow, `cloud.cores`; absent without a limit. */
  readonly limit?: number;
}

/** The cores of every machine that a stack declares; undefined where it declares none. */
export function coresOf({ resources, settings }: Snapshot): Cores | undefined {
  const machines = resources.filter(({ type }) => type === "azure-native:compute:VirtualMachine");
  if (machines.length === 0) {
    return undefined;
  }
  const families: Record<string, number> = {};
  const unknown: string[] = [];
  let total = 0;
  for (const { name, inputs } of machines) {
    const size = sizeOf(textAt(inputs, "hardwareProfile.vmSize") ?? "");
    if (size === undefined) {
      unknown.push(textAt(inputs, "vmName") ?? name);
    } else {
      total += size.vcpus;
      families[size.family] = (families[size.family] ?? 0) + size.vcpus;
    }
  }
  const limit = (settings["cloud"] as { readonly cores?: unknown } | undefined)?.cores;
  return { total, families, unknown, ...(typeof limit === "number" && { limit }) };
}
