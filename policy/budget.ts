/** The policy of money: what a stack costs stays inside its budget. */
import type { Cost } from "./cost.ts";

export const sizesInsideBudget = {
  name: "sizes-inside-budget",
  description: "The machines' sizes keep a month inside the budget.",
  /** What is wrong with a bill, with its fix; nothing where all is well or no budget is set. */
  check: ({ monthly, budget, currency, lines }: Cost): readonly string[] => {
    if (budget === undefined || monthly <= budget) {
      return [];
    }
    const dearest = [...lines].sort((a, b) => b.monthly - a.monthly)[0];
    const share = dearest === undefined ? "" : ` (${money(dearest.monthly, currency)})`;
    return [
      `a month costs ${money(monthly, currency)}, the budget is ${money(budget, currency)}; ` +
        `choose smaller sizes or fewer machines, first ${dearest?.item ?? "the largest"}${share}`,
    ];
  },
};

/** An amount with its currency, `30.37 USD`. */
export function money(amount: number, currency: string): string {
  return `${amount.toFixed(2)} ${currency}`;
}
