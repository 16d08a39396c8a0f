import { describe, expect, it } from "vitest";

import { MissingPriceError, type PriceTable } from "../policy/cost.ts";
import { json } from "./json.ts";
import { markdown } from "./markdown.ts";
import { isRefused, reportOf, type Base } from "./report.ts";
import type { Outcome, Planned } from "./snapshot.ts";
import { planned as resource } from "./testing/planned.ts";

function machine(name: string, vmSize: string, type = "test:index:Machine"): Planned {
  return resource({ type, name, inputs: { vmName: name, hardwareProfile: { vmSize } } });
}

function planned(...resources: Planned[]): Outcome {
  return {
    kind: "planned",
    snapshot: { stack: "dev", settings: {}, resources, exemptions: { nodePorts: [] }, outputs: {} },
  };
}

function against(outcome: Outcome | undefined): Base {
  return { ref: "main", commit: "0123456789ab", notes: [], outcome };
}

const PRICES: Readonly<Record<string, number>> = { small: 10, large: 95 };

const table: PriceTable = {
  source: "a test",
  date: "2026-01-01",
  currency: "USD",
  budget: 100,
  linesOf: ({ urn, name, inputs }) => {
    const size = (inputs["hardwareProfile"] as { vmSize: string }).vmSize;
    const monthly = PRICES[size];
    if (monthly === undefined) {
      throw new MissingPriceError(size, "add it to the table");
    }
    return [{ urn, item: `${name}: ${size}`, monthly }];
  },
};

describe("a plan's report", () => {
  it("adds up what things cost and says by how much that changes", () => {
    const head = planned(machine("a", "small"), machine("b", "small"));
    const report = reportOf("dev", head, against(planned(machine("a", "small"))), table);
    expect(markdown(report)).toContain("20.00 USD a month (+10.00)");
    expect(markdown(report)).toContain(
      "Prices of 2026-01-01 from a test; the budget is 100.00 USD.",
    );
    expect(isRefused(report)).toBe(false);
  });

  it("refuses what is dearer than the budget", () => {
    const report = reportOf(
      "dev",
      planned(machine("a", "small"), machine("b", "large")),
      undefined,
      table,
    );
    expect(isRefused(report)).toBe(true);
    expect(markdown(report)).toContain("a month costs 105.00 USD, the budget is 100.00 USD");
  });

  it("refuses what has no price, and names the fix", () => {
    const report = reportOf("dev", planned(machine("a", "huge")), undefined, table);
    expect(isRefused(report)).toBe(true);
    expect(markdown(report)).toContain("❌ there is no price of huge; add it to the table");
    expect(JSON.parse(json(report))).toMatchObject({ cost: { missing: [{ what: "huge" }] } });
  });

  it("shows no cost and checks no budget without a table of prices", () => {
    const report = reportOf("dev", planned(machine("a", "huge")), undefined, undefined);
    expect(markdown(report)).not.toMatch(/cost|budget/i);
    expect(isRefused(report)).toBe(false);
  });

  it("counts the cores of machines, by family, and says when a new subscription has less", () => {
    const vm = (name: string, size: string): Planned =>
      machine(name, size, "azure-native:compute:VirtualMachine");
    const told = (settings: Readonly<Record<string, unknown>>, ...sizes: string[]): string => {
      const outcome = planned(...sizes.map((size, n) => vm(`vm-${n}`, size)));
      const snapshot = outcome.kind === "planned" ? { ...outcome.snapshot, settings } : undefined;
      const head: Outcome = snapshot === undefined ? outcome : { kind: "planned", snapshot };
      const report = reportOf("dev", head, undefined, undefined);
      return /### Cores\n\n([^#]*)/.exec(markdown(report))?.[1]?.trim() ?? "";
    };
    const small = "Standard_B2pls_v2";
    expect(told({}, small, small)).toBe("4 cores (vCPUs) together: 4 of `standardBpsv2Family`.");
    expect(told({ cloud: { cores: 8 } }, small, "Standard_B4as_v2")).toMatch(
      /^6 cores \(vCPUs\) together: 4 of `standardBasv2Family`, 2 of `standardBpsv2Family`; `cloud.cores` allows 8\.\n\n⚠️ A free account has 4 in a region, and none can be added/,
    );
    expect(told({}, "Standard_B16as_v2", "Standard_B8ps_v2")).toContain(
      "⚠️ A pay-as-you-go subscription usually begins with 20 in a region",
    );
    expect(told({}, "Standard_Z1")).toContain("❌ not counted, as the size is not known: `vm-0`");
    expect(told({})).toBe("");
  });

  it("tells scripts the cores, too", () => {
    const type = "azure-native:compute:VirtualMachine";
    const head = planned(machine("a", "Standard_B2pls_v2", type));
    expect(JSON.parse(json(reportOf("dev", head, undefined, undefined)))).toMatchObject({
      cores: { total: 2, families: { standardBpsv2Family: 2 }, unknown: [] },
    });
  });

  it("names a protected resource that would go, and that it will not", () => {
    const type = "azure-native:compute:VirtualMachine";
    const base = against(planned({ ...machine("a", "small", type), protect: true }));
    const { dangers } = reportOf("dev", planned(), base, undefined);
    expect(dangers.map(({ text }) => text)).toEqual([
      "destroys VirtualMachine a: it is protected, so `pulumi up` refuses until `protect` is taken off",
    ]);
  });

  it("knows a resource by the name it had before", () => {
    const before = machine("old", "small");
    const after = { ...machine("new", "small"), inputs: before.inputs, aliases: [before.urn] };
    const { difference } = reportOf("dev", planned(after), against(planned(before)), undefined);
    expect(difference).toMatchObject({ created: [], destroyed: [], replaced: [], unchanged: 1 });
  });

  it("says that a stack is new where the base does not have it", () => {
    const report = reportOf("dev", planned(machine("a", "small")), against(undefined), undefined);
    expect(markdown(report)).toContain("main has no stack dev: everything in it is new");
  });

  it("shows a failed program as it failed, and refuses", () => {
    const report = reportOf(
      "dev",
      { kind: "failed", message: "no `sum`\n```" },
      undefined,
      undefined,
    );
    expect(isRefused(report)).toBe(true);
    expect(markdown(report)).toContain("````text\nno `sum`\n```\n````");
  });

  it("lets no value speak Markdown, HTML or to people", () => {
    const evil = "a`|</details>@everyone";
    const before = machine("a", "small");
    const after = { ...before, inputs: { ...before.inputs, note: evil } };
    const text = markdown(reportOf("dev", planned(after), against(planned(before)), undefined));
    expect(text).toContain("`note`: added, ``a`|</details>@everyone``");
    const withoutCode = text.replaceAll(/(`+)[^`].*?[^`]\1(?!`)/g, "");
    expect(withoutCode).not.toContain("@everyone");
  });
});
