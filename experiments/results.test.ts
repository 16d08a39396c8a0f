import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { describe, expect, it, onTestFinished } from "vitest";

import { readMarks, readResults, readVisits, ResultsError } from "./results.ts";
import { FAILOVER, writeJson, writeRun } from "./testing/made-up.ts";

/** The folder of a made-up run of two cells. */
function run(): string {
  const folder = mkdtempSync(join(tmpdir(), "fogline-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return writeRun(folder, {
    ...FAILOVER,
    repeats: 1,
    variants: FAILOVER.variants.filter(({ name }) => name === "stock" || name === "fast"),
  });
}

function edit(path: string, change: (value: Record<string, unknown>) => object): void {
  writeJson(path, change(JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>));
}

/** What is wrong with results. */
function problems(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ResultsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe("results of a run", () => {
  it("are read with their cells in order of variants", () => {
    const { description, cells, environment } = readResults(run());
    expect(description.name).toBe("made-up-failover");
    expect(environment.machine["cores"]).toBe(2);
    expect(cells.map(({ folder }) => folder)).toEqual(["cells/stock-01", "cells/fast-01"]);
  });

  it("hold no cell that was not finished", () => {
    const folder = run();
    rmSync(join(folder, "cells/stock-01/cell.json"));
    expect(readResults(folder).cells.map(({ variant }) => variant)).toEqual(["fast"]);
    rmSync(join(folder, "cells"), { recursive: true });
    expect(readResults(folder).cells).toEqual([]);
  });

  it("hold requests and events with their types, whatever the order of columns", () => {
    const folder = run();
    const results = readResults(folder);
    const [cell] = results.cells;
    if (cell === undefined) {
      throw new Error("no cell was read");
    }
    expect(readMarks(results, cell)[0]).toEqual({ at: 10, what: "inject", subject: "raspberrypi" });
    expect(readVisits(results, cell)).toHaveLength(700);
    const rows =
      'id,at,latency,status,error,method,pod,node\n"a,""b""",1.5,0.25,0,timeout,POST,,\n';
    writeFileSync(join(folder, cell.folder, "visits.csv.gz"), gzipSync(rows));
    expect(readVisits(results, cell)).toEqual([
      {
        ...{ id: 'a,"b"', at: 1.5, latency: 0.25, status: 0, error: "timeout", method: "POST" },
        ...{ pod: "", node: "" },
      },
    ]);
  });

  it("are refused with all that is wrong with their files", () => {
    const folder = run();
    rmSync(join(folder, "environment.json"));
    edit(join(folder, "experiment.json"), (value) => ({ ...value, repeats: "many" }));
    writeFileSync(join(folder, "cells/fast-01/cell.json"), "{");
    const found = problems(() => readResults(folder));
    expect(found).toHaveLength(3);
    expect(found.every((problem) => problem.startsWith(`${folder}: `))).toBe(true);
    expect(found.join("\n")).toMatch(
      /experiment\.json: repeats: .*\n.*environment\.json: is missing; a run/,
    );
    expect(found.join("\n")).toContain("cells/fast-01/cell.json: ");
  });

  it("are refused when their files say different things", () => {
    const folder = run();
    edit(join(folder, "experiment.json"), (value) => ({
      ...value,
      name: "another",
      variants: [{ name: "stock", label: "stock", settings: {} }],
      measures: [{ name: "failed", label: "failed" }],
      plots: [
        { kind: "ratios", name: "same", title: "", measures: ["failed"] },
        { kind: "timeline", name: "same", title: "", measure: "unknown", variants: ["fast"] },
      ],
    }));
    edit(join(folder, "cells/stock-01/cell.json"), (value) => ({ ...value, repeat: 2 }));
    cpSync(join(folder, "cells/fast-01"), join(folder, "cells/fast-1"), { recursive: true });
    const found = problems(() => readResults(folder)).join("\n");
    for (const part of [
      "experiment.json: its name is another, its folder's not",
      "experiment.json: two plots are named same",
      "plot same: no measure is named unknown",
      "plot same: no variant is named fast",
      "cells: two folders hold fast-1",
      "cells/fast-01: no variant is named fast",
      "cells/stock-01: it holds stock-2",
      "cells/stock-01: no measure is named endpoints_dropped_s",
    ]) {
      expect(found).toContain(part);
    }
  });

  it.each([
    ["a number that is none", "at,what,subject\nsoon,inject,pi\n", "marks.csv: 0: at"],
    ["an unknown event", "at,what,subject\n1,explode,pi\n", "marks.csv: 0: what"],
    ["a missing column", "at,what\n1,inject\n", "marks.csv: 0: subject"],
  ])("are refused for %s in a table", (_, text, reason) => {
    const folder = run();
    const results = readResults(folder);
    const [cell] = results.cells;
    if (cell === undefined) {
      throw new Error("no cell was read");
    }
    writeFileSync(join(folder, cell.folder, "marks.csv"), text);
    expect(problems(() => readMarks(results, cell)).join("\n")).toContain(reason);
  });
});
