import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { figures, outdated, resultFolders } from "./figures.ts";
import { FAILOVER, writeRun } from "./testing/made-up.ts";

let results: string;
let folder: string;
let files: ReadonlyMap<string, string>;

beforeAll(async () => {
  results = mkdtempSync(join(tmpdir(), "fogline-"));
  folder = writeRun(results, { ...FAILOVER, repeats: 1 });
  files = await figures(folder);
});
afterAll(() => {
  rmSync(results, { recursive: true });
});
beforeEach(() => {
  for (const [name, content] of files) {
    writeFileSync(join(folder, name), content);
  }
});

describe("what is made of a run's cells", () => {
  it("is a table, a summary, a report and each plot", () => {
    expect([...files.keys()]).toEqual([
      ...["cells.csv", "summary.json", "report.md"],
      ...["failover.svg", "visits.svg", "ratios.svg"],
    ]);
    const [head, row] = (files.get("cells.csv") ?? "").split("\n");
    expect(head).toBe("variant,repeat,measure,value");
    expect(row).toMatch(/^stock,1,endpoints_dropped_s,4\d\.\d+$/);
    expect(JSON.parse(files.get("summary.json") ?? "")).toMatchObject({
      ...{ experiment: "made-up-failover", cells: 4, planned: 4, void: [], broken: [] },
    });
  });

  it("is up to date when it was just written", async () => {
    expect(await outdated(folder)).toEqual([]);
  });

  it("is named with the command where it is not what the cells make", async () => {
    appendFileSync(join(folder, "failover.svg"), "<!-- by hand -->");
    rmSync(join(folder, "report.md"));
    writeFileSync(join(folder, "old.svg"), "<svg/>");
    expect(await outdated(folder)).toEqual([
      `${join(folder, "report.md")} is not what its cells make: make figures`,
      `${join(folder, "failover.svg")} is not what its cells make: make figures`,
      `${join(folder, "old.svg")} is no plot of experiment.json: remove it`,
    ]);
  });
});

it("folders of results are found, and none where nothing was run", () => {
  expect(resultFolders(results)).toEqual([folder]);
  expect(resultFolders(join(results, "nowhere"))).toEqual([]);
});
