/** The guard of cores: how many a stack's machines have, refused before they are made. Pure. */
import { sizeOf } from "@fogline/azure-checks/sizes";

import type { CloudSettings } from "./cloud.ts";
import type { Problem } from "./problems.ts";

/**
 * What is wrong with the number of cores of a stack's machines. A size that the table of sizes does not
 * know counts for nothing here: that there is none, `make plan` says.
 */
export function coreProblems(cloud: CloudSettings): Problem[] {
  const { cores: limit } = cloud;
  const machines = [cloud.master, ...cloud.workers].map(({ name, size }) => ({
    item: `${name} (${size})`,
    cores: sizeOf(size)?.vcpus ?? 0,
  }));
  const sum = machines.reduce((total, { cores }) => total + cores, 0);
  if (limit === undefined || sum <= limit) {
    return [];
  }
  const breakdown = machines
    .sort((a, b) => b.cores - a.cores)
    .map(({ item, cores }) => `${item} ${cores}`)
    .join(", ");
  return [
    {
      path: "fogline:cloud.cores",
      rule: `the machines have ${sum} cores (vCPUs) together, more than ${limit}: ${breakdown}`,
      fix: "choose smaller sizes or fewer workers; or raise the limit to what `az vm list-usage` shows for the region",
    },
  ];
}
