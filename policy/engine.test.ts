import type { StackValidationArgs } from "@pulumi/policy";
import { describe, expect, it } from "vitest";

import { MissingPriceError, PRICES, type PriceTable } from "./cost.ts";
import { budgetValidation } from "./engine.ts";

const table: PriceTable = {
  source: "a test",
  date: "2026-01-01",
  currency: "USD",
  budget: 100,
  linesOf: ({ urn, name, inputs }) => {
    if (inputs["size"] !== "large") {
      throw new MissingPriceError(String(inputs["size"]), "add it");
    }
    return [{ urn, item: name, monthly: 60 }];
  },
};

/** What the budget's policy says of machines of these sizes. */
function reported(...sizes: string[]): string[] {
  const messages: string[] = [];
  const resources = sizes.map((size, n) => ({ urn: `urn:${n}`, name: `m${n}`, props: { size } }));
  const args = { resources } as unknown as StackValidationArgs;
  void budgetValidation(table).validateStack(args, (message) => messages.push(message));
  return messages;
}

describe("the budget in the engine", () => {
  it("lets a stack pass that costs no more", () => {
    expect(reported("large")).toEqual([]);
  });

  it("refuses one that costs more", () => {
    expect(reported("large", "large").join()).toContain("a month costs 120.00 USD");
  });

  it("is the one that the stack declares, where the table sets none", () => {
    const machine = {
      urn: "urn:a",
      type: "azure-native:compute:VirtualMachine",
      name: "a",
      props: {
        location: "eastus",
        hardwareProfile: { vmSize: "Standard_B2ms" },
        storageProfile: { osDisk: { managedDisk: { storageAccountType: "Standard_LRS" } } },
      },
    };
    const told = (monthlyBudgetUsd: number): string => {
      const record = {
        urn: "urn:record",
        type: "pulumi:index:Stash",
        name: "fogline-record",
        props: { input: { monthlyBudgetUsd } },
      };
      const messages: string[] = [];
      const args = { resources: [machine, record] } as unknown as StackValidationArgs;
      void budgetValidation(PRICES).validateStack(args, (message) => messages.push(message));
      return messages.join();
    };
    expect(told(60)).toContain("a month costs 62.28 USD, the budget is 60.00 USD");
    expect(told(63)).toBe("");
  });

  it("refuses one with a size that has no price", () => {
    expect(reported("huge")).toEqual(["there is no price of huge; add it"]);
  });
});
