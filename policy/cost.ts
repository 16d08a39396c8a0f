/** What a stack costs in a month, from a table of prices. */
import { addressMonthly, diskMonthly, sizeMonthly, SOURCE } from "../config/prices.ts";
import { RECORD } from "../config/transition.ts";
import type { Declared } from "./policy.ts";
import { at, textAt } from "./values.ts";

/** One thing that is billed. */
export interface CostLine {
  readonly urn: string;
  /** What is billed, e.g. `WorkerNode: Standard_B2pls_v2`. */
  readonly item: string;
  /** Price of a month of 730 hours, in the table's currency. */
  readonly monthly: number;
}

/** Prices of one day. */
export interface PriceTable {
  /** Where they were read. */
  readonly source: string;
  /** The day they were read, `2026-11-23`. */
  readonly date: string;
  /** ISO 4217, e.g. `USD`. */
  readonly currency: string;
  /** Most that a month may cost; without it, what the stack's record says. */
  readonly budget?: number;
  /**
   * What a resource is billed for; nothing for one that is free.
   *
   * @throws MissingPriceError when it is billed and the table has no price
   */
  readonly linesOf: (resource: Declared) => readonly CostLine[];
}

/** Thrown for something that is billed at an unknown price. */
export class MissingPriceError extends Error {
  /**
   * @param what what has no price, e.g. `Standard_D2s_v5 in westeurope`
   * @param fix what to do about it, as an imperative sentence
   */
  constructor(
    readonly what: string,
    readonly fix: string,
  ) {
    super(`there is no price of ${what}; ${fix}`);
    this.name = "MissingPriceError";
  }
}

/** The bill of a month. */
export interface Cost {
  readonly source: string;
  readonly date: string;
  readonly currency: string;
  readonly budget?: number;
  readonly lines: readonly CostLine[];
  readonly monthly: number;
  /** What has no price: the sum is too low by it. */
  readonly missing: readonly MissingPriceError[];
}

/** The prices in use. The budget is a setting of the stack, `cloud.monthlyBudgetUsd`. */
export const PRICES: PriceTable = {
  source: SOURCE.name,
  date: SOURCE.date,
  currency: "USD",
  linesOf: ({ urn, type, name, inputs }) => {
    const line = (item: string, monthly: number | undefined, fix: string): CostLine => {
      if (monthly === undefined) {
        throw new MissingPriceError(item, fix);
      }
      return { urn, item, monthly };
    };
    switch (type) {
      case "azure-native:network:PublicIPAddress":
        return [{ urn, item: `${name}: public address`, monthly: addressMonthly() }];
      case "azure-native:compute:VirtualMachine": {
        const size = textAt(inputs, "hardwareProfile.vmSize") ?? "no size";
        const where = textAt(inputs, "location") ?? "an unknown region";
        const kind = textAt(inputs, "storageProfile.osDisk.managedDisk.storageAccountType") ?? "";
        const gib = at(inputs, "storageProfile.osDisk.diskSizeGB");
        return [
          line(
            `${name}: ${size} in ${where}`,
            sizeMonthly(size, where),
            "add it to config/prices.ts",
          ),
          line(
            `${name}: disk ${kind}`,
            diskMonthly(kind, typeof gib === "number" ? gib : undefined),
            "use 128 GiB or less",
          ),
        ];
      }
      default:
        return [];
    }
  },
};

/** The bill of some resources. */
export function estimate(resources: readonly Declared[], table: PriceTable): Cost {
  const lines: CostLine[] = [];
  const missing: MissingPriceError[] = [];
  for (const resource of resources) {
    try {
      lines.push(...table.linesOf(resource));
    } catch (error) {
      if (!(error instanceof MissingPriceError)) {
        throw error;
      }
      missing.push(error);
    }
  }
  const { source, date, currency } = table;
  const budget = table.budget ?? budgetOf(resources);
  const monthly = lines.reduce((sum, line) => sum + line.monthly, 0);
  return {
    source,
    date,
    currency,
    ...(budget !== undefined && { budget }),
    lines,
    monthly,
    missing,
  };
}

/**
 * The stack's budget, as the program declares it. Settings alone are checked against it, too (see
 * config/budget.ts); here everything that is billed counts, whoever ordered it.
 */
function budgetOf(resources: readonly Declared[]): number | undefined {
  const record = resources.find(
    ({ type, name }) => type === "pulumi:index:Stash" && name === RECORD,
  );
  const budget = at(record?.inputs, "input.monthlyBudgetUsd");
  return typeof budget === "number" ? budget : undefined;
}
