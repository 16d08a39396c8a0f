/** The budget guard: what a stack's cloud costs a month, refused before it is made. Pure. */
import type { CloudSettings } from "./cloud.ts";
import type { Problem } from "./problems.ts";
import { addressMonthly, diskMonthly, sizeMonthly } from "./prices.ts";

interface Line {
  readonly item: string;
  readonly usd: number;
}

/**
 * What is wrong with the bill of a stack's cloud. A part without a price counts for nothing here: that
 * the sum is too low by it, `make plan` says.
 */
export function budgetProblems(cloud: CloudSettings): Problem[] {
  const lines = [cloud.master, ...cloud.workers].flatMap(({ name, size, disk }): Line[] => {
    const { kind, sizeGiB } = disk ?? cloud.disk;
    return [
      { item: `${name} (${size})`, usd: sizeMonthly(size, cloud.location) ?? 0 },
      { item: `disk of ${name}`, usd: diskMonthly(kind, sizeGiB) ?? 0 },
      { item: `address of ${name}`, usd: addressMonthly() },
    ];
  });
  const sum = lines.reduce((total, { usd }) => total + usd, 0);
  if (sum <= cloud.monthlyBudgetUsd) {
    return [];
  }
  return [
    {
      path: "fogline:cloud.monthlyBudgetUsd",
      rule: `a month costs ${sum.toFixed(2)} USD, more than ${cloud.monthlyBudgetUsd}: ${breakdown(lines)}`,
      fix: "choose smaller sizes or fewer workers, or raise the budget",
    },
  ];
}

function breakdown(lines: readonly Line[]): string {
  return [...lines]
    .sort((a, b) => b.usd - a.usd)
    .map(({ item, usd }) => `${item} ${usd.toFixed(2)}`)
    .join(", ");
}
