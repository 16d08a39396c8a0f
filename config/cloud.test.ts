import { zonesOf } from "@fogline/azure-checks/regions";
import { sizeOf } from "@fogline/azure-checks/sizes";
import { describe, expect, it } from "vitest";

import { parse, type Settings } from "./schema.ts";
import { SettingsError, type Problem } from "./problems.ts";

const sum = "0".repeat(64);
const rest = {
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: sum } },
};

function settings(cloud: object): Settings {
  return parse({ ...rest, cloud: { sshFrom: ["203.0.113.7/32"], ...cloud } });
}

function problems(cloud: object): readonly Problem[] {
  try {
    settings(cloud);
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe("the cloud's settings", () => {
  it("order two small machines unless told otherwise, inside the budget", () => {
    const { cloud } = settings({});
    expect([cloud.master, ...cloud.workers].map(({ name, size }) => [name, size])).toEqual([
      ["MasterNode", "Standard_B2pls_v2"],
      ["WorkerNode", "Standard_B2pls_v2"],
    ]);
    expect(cloud.disk).toEqual({ kind: "StandardSSD_LRS" });
    expect(cloud.image).not.toContain("latest");
  });

  it("give each machine a size, a zone and a disk of its own", () => {
    const { cloud } = settings({
      disk: { kind: "Premium_LRS" },
      workers: [
        { name: "A", size: "Standard_B2ps_v2", zone: "2", disk: { sizeGiB: 64 } },
        { name: "B" },
      ],
    });
    expect(cloud.workers).toEqual([
      {
        ...{ name: "A", size: "Standard_B2ps_v2", zone: "2" },
        disk: { kind: "StandardSSD_LRS", sizeGiB: 64 },
      },
      { name: "B", size: "Standard_B2pls_v2" },
    ]);
  });

  it.each([
    ["a zone that no region has", { workers: [{ name: "A", zone: "4" }] }, "workers[0].zone"],
    ["a name longer than a node's", { master: { name: "a".repeat(64) } }, "master.name"],
    ["a group's name that ends in a period", { resourceGroup: "fog." }, "resourceGroup"],
    ["an image without a version", { image: "Debian:debian-13:13-arm64:latest" }, "image"],
    ["a disk smaller than the image", { disk: { sizeGiB: 8 } }, "disk.sizeGiB"],
    ["an unknown kind of disk", { disk: { kind: "UltraSSD_LRS" } }, "disk.kind"],
    ["a tag of ours", { tags: { stack: "mine" } }, "tags.stack"],
    ["a tag of Azure's", { tags: { "azure-x": "1" } }, "tags.azure-x"],
    ["a tag with a forbidden character", { tags: { "a/b": "1" } }, "tags.a/b"],
    ["a tag's value that is too long", { tags: { note: "x".repeat(257) } }, "tags.note"],
    ["tags whose names differ in case alone", { tags: { env: "a", Env: "b" } }, "tags"],
    [
      "more tags than Azure takes",
      { tags: Object.fromEntries(Array.from({ length: 49 }, (_, n) => [`t${n}`, ""])) },
      "tags",
    ],
    ["no budget", { monthlyBudgetUsd: 0 }, "monthlyBudgetUsd"],
    ["no cores", { cores: 0 }, "cores"],
    ["half a core", { cores: 4.5 }, "cores"],
  ])("refuse %s", (_, cloud, path) => {
    const found = problems(cloud);
    expect(found.map((problem) => problem.path)).toEqual([`fogline:cloud.${path}`]);
    expect(found[0]?.fix).not.toBe("");
  });
});

describe("the budget", () => {
  it("refuses what costs more, with the bill and what to do", () => {
    const workers = ["A", "B", "C"].map((name) => ({ name, size: "Standard_B2ps_v2" }));
    const [problem, ...others] = problems({ workers, monthlyBudgetUsd: 190 });
    expect(others).toEqual([]);
    expect(problem?.path).toBe("fogline:cloud.monthlyBudgetUsd");
    expect(problem?.rule).toContain(
      "a month costs 195.90 USD, more than 190: A (Standard_B2ps_v2) 49.06,",
    );
    expect(problem?.fix).toContain("raise the budget");
    expect(problems({ workers, monthlyBudgetUsd: 196 })).toEqual([]);
  });

  it("leaves parts without a price to the plan", () => {
    expect(problems({ location: "westeurope" })).toEqual([]);
  });
});

describe("the limit of cores", () => {
  const workers = [
    { name: "A", size: "Standard_B2pls_v2" },
    { name: "B", size: "Standard_B4pls_v2" },
  ];

  it("refuses more, with each machine's share and what to do", () => {
    const [problem, ...others] = problems({ workers, cores: 7 });
    expect(others).toEqual([]);
    expect(problem).toEqual({
      path: "fogline:cloud.cores",
      rule: "the machines have 8 cores (vCPUs) together, more than 7: B (Standard_B4pls_v2) 4, MasterNode (Standard_B2pls_v2) 2, A (Standard_B2pls_v2) 2",
      fix: "choose smaller sizes or fewer workers; or raise the limit to what `az vm list-usage` shows for the region",
    });
    expect(problems({ workers, cores: 8 })).toEqual([]);
  });

  it("is told beside what a month costs too much", () => {
    const paths = problems({ workers, cores: 2, monthlyBudgetUsd: 10 }).map(({ path }) => path);
    expect(paths).toEqual(["fogline:cloud.monthlyBudgetUsd", "fogline:cloud.cores"]);
  });

  it("is none unless it is set, and knows nothing of sizes that are in no table", () => {
    expect(problems({ workers })).toEqual([]);
    expect(problems({ workers: [{ name: "A", size: "Standard_M416ms_v2" }], cores: 2 })).toEqual(
      [],
    );
  });
});

describe("the settings' defaults", () => {
  it("are sizes and a region that Azure has", () => {
    const { cloud } = settings({});
    expect(zonesOf(cloud.location)).toContain("1");
    for (const { size } of [cloud.master, ...cloud.workers]) {
      expect(sizeOf(size)?.architecture).toBe(cloud.arch === "arm64" ? "Arm64" : "x64");
    }
  });
});
