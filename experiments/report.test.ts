import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { report } from "./report.ts";
import { readResults, type Results } from "./results.ts";
import { summarize } from "./summary.ts";
import { FAILOVER, MADE_UP, writeRun } from "./testing/made-up.ts";

let folder: string;
let results: Results;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-"));
  results = readResults(writeRun(folder, FAILOVER));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const of = (changed: Partial<Results> = {}): string => {
  const all = { ...results, ...changed };
  return report(all, summarize(all));
};

describe("a report", () => {
  it("says what was asked, how often it ran, and on what", () => {
    const text = of();
    expect(text).toContain(MADE_UP);
    expect(text).toContain("4 variants took turns, 7 times each: 28 of 28 cells finished.");
    expect(text).toContain("20 visits and 2 votes a second at a constant open rate");
    expect(text).toContain("| cores | 2 |");
    expect(text).toContain("| steal at the start, % | 2 |");
    expect(text).toContain("| k3s | 0.0.0 | stand-in |");
    expect(text).toMatch(/Stand-ins, .*: k3s 0\.0\.0, image website\./);
    expect(text).toContain("used at most 10 % of a core");
  });

  it("claims what the run shows, and says what it does not", () => {
    const text = of();
    expect(text).toMatch(
      /- endpoints dropped: median 4\.\d+ s with fast, 4\d\.\d s with stock: 0\.\d+ \(0\.\d+ to 0\.\d+\) times; the A\/A spread is a factor of 1\.\d+\./,
    );
    expect(text).toMatch(
      /- failed visits: median 0 with fast, \d with stock: \d \(\d to \d\) less; the A\/A spread is \d/,
    );
    expect(text).toContain(
      "failed visits, old against stock: no difference that this run can show.",
    );
  });

  it("claims nothing without an A/A pair", () => {
    const cells = results.cells.filter(({ variant }) => variant !== "aa");
    const { description } = results;
    const variants = description.variants.filter(({ name }) => name !== "aa");
    const text = of({ cells, description: { ...description, variants } });
    expect(text).toContain("No difference between variants is a claim.");
    expect(text).toContain("The run has no variant aa that is a second copy of stock");
  });

  it("has a table per measure, with the number of cells that have a value", () => {
    const [first, ...others] = results.cells;
    const cells = first === undefined ? [] : [{ ...first, values: {} }, ...others];
    const text = of({ cells });
    expect(text).toContain("### replacement Ready, s");
    expect(text).toMatch(/\| stock \| 3\d\d \(3\d\d to 3\d\d\) \| .* \| 6, 1 without a value \|/);
    expect(text).toMatch(/\| fast \| 4\.\d+ \(.*\) \| .* \| 7 \|/);
  });

  it("says which invariants were broken, and where", () => {
    expect(of()).toContain("All held in 28 cells:\n\n- no acknowledged vote is lost");
    const [first, ...others] = results.cells;
    const cells =
      first === undefined ? [] : [{ ...first, broken: ["vote_7 is *lost*"] }, ...others];
    expect(of({ cells })).toContain("- **stock-1:** vote\\_7 is \\*lost\\*");
  });

  it("tells what faults told of themselves, where they did", () => {
    const [first, ...others] = results.cells as [Results["cells"][number], ...Results["cells"]];
    const notes = [{ at: 20.5, text: "up failed after 3 s: no API" }];
    expect(of({ cells: [{ ...first, notes }, ...others] })).toContain(
      "## Notes\n\n- **stock-1**, 20.5 s: up failed after 3 s: no API\n",
    );
    expect(of()).not.toContain("## Notes");
  });

  it("names cells that do not count, and why", () => {
    const [first, ...others] = results.cells;
    const generator = { cpuShare: 0.9, latestStartSeconds: 0.25 };
    const cells = first === undefined ? [] : [{ ...first, generator }, ...others];
    expect(of({ cells })).toContain(
      "- **stock-1:** the load generator used 90 % of a core, more than 50 %; a request was sent 250 ms late",
    );
  });

  it("links to its pictures and data, and sets what others found beside it", () => {
    const text = of();
    expect(text).toContain("![Failover after a silent power-off (made up)](failover.svg)");
    expect(text).toContain("[visits.csv.gz](cells/fast-07/visits.csv.gz)");
    expect(text).toContain("| replacement Ready, s | about 10 | made up |");
  });

  it("can be made before the first cell is finished", () => {
    const text = of({ cells: [] });
    expect(text).toContain("Nothing yet: no cell is finished.");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });
});
