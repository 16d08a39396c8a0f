/** What a stack costs in a month, from a table of prices. */
import type { Declared } from "../policy/policy.ts";

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
  /** Most that a month may cost; absent for no limit. */
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

/** The prices in use; without a table a plan shows no cost and checks no budget. */
export const PRICES: PriceTable | undefined = undefined;

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
  const { source, date, currency, budget } = table;
  const monthly = lines.reduce((sum, line) => sum + line.monthly, 0);
  return { source, date, currency, ...(budget && { budget }), lines, monthly, missing };
}
