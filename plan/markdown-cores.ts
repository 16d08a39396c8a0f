/** The cores of a stack as Markdown, beside what a subscription has. */
import { FREE, PAID } from "@fogline/azure-checks/quota";

import type { Cores } from "./cores.ts";
import { code } from "./text.ts";

/** What machines take, and where that is more than a new subscription gives. */
export function cores({ total, families, unknown, limit }: Cores): string {
  const shares = Object.entries(families)
    .sort(([, a], [, b]) => b - a)
    .map(([family, share]) => `${share} of ${code(family)}`);
  const allowed = limit === undefined ? "" : `; \`cloud.cores\` allows ${limit}`;
  return [
    `${total} cores (vCPUs) together${shares.length === 0 ? "" : `: ${shares.join(", ")}`}${allowed}.`,
    ...(unknown.length === 0
      ? []
      : [`- ❌ not counted, as the size is not known: ${unknown.map(code).join(", ")}`]),
    ...tooMany(total, Math.max(0, ...Object.values(families))),
  ].join("\n\n");
}

function tooMany(total: number, largest: number): string[] {
  if (total > PAID.regional || largest > PAID.family) {
    return [
      `⚠️ A pay-as-you-go subscription usually begins with ${PAID.regional} in a region, and ${PAID.family} of each family: ask for more at https://aka.ms/azurequota first. \`make azure\` asks Azure what yours has.`,
    ];
  }
  return total > FREE.regional
    ? [
        `⚠️ A free account has ${FREE.regional} in a region, and none can be added: upgrade it to pay-as-you-go, or use fewer or smaller machines. \`make azure\` asks Azure what yours has.`,
      ]
    : [];
}
