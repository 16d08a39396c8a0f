/** An experiment from its load to its pictures, shorter than those of the catalogue. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { writeFigures } from "../../experiments/figures.ts";
import { labSite } from "../../experiments/lab-site.ts";
import { failed } from "../../experiments/measures.ts";
import type { Experiment, Fault } from "../../experiments/model.ts";
import { runExperiment } from "../../experiments/run.ts";
import { history } from "../../experiments/votes.ts";
import { websiteSpread } from "../testing/lab.ts";

const POD_KILL: Fault = { kind: "pod-kill", app: "website" };

const EXPERIMENT: Experiment = {
  name: "short",
  question: "What does the end of one pod cost visitors?",
  variants: [{ name: "standing", label: "as the stack is", settings: {} }],
  repeats: 1,
  load: { visitsPerSecond: 20, votesPerSecond: 2, timeoutSeconds: 30 },
  timeline: [{ at: 3, inject: POD_KILL }],
  tail: 12,
  measures: [failed],
  invariants: [history],
};

const results = mkdtempSync(join(tmpdir(), "fogline-experiment-"));
/** Of this experiment: it is called as the experiment is. */
const folder = join(results, EXPERIMENT.name);

afterAll(() => {
  rmSync(results, { recursive: true });
});

it("counts every visit and vote while a pod is killed, and is continued where it ended", async () => {
  await websiteSpread();
  const said: string[] = [];
  // The stack stays as the tests before have left it.
  const site = { ...labSite(), up: () => Promise.resolve() };
  const run = (): Promise<readonly string[]> =>
    runExperiment(site, EXPERIMENT, folder, (text) => said.push(text));

  // Votes that were acknowledged count once, by the database.
  expect(await run()).toEqual([]);
  const cell = JSON.parse(readFileSync(join(folder, "cells/standing-01/cell.json"), "utf8")) as {
    generator: { visits: number; acknowledged: number };
    values: Record<string, number>;
  };
  expect(cell.generator.visits).toBeGreaterThan(0);
  expect(cell.generator.acknowledged).toBeGreaterThan(0);
  expect(cell.values).toHaveProperty("failed_visits");

  await writeFigures([folder]);
  expect(readFileSync(join(folder, "report.md"), "utf8")).toContain(EXPERIMENT.question);
  expect(existsSync(join(folder, "cells.csv"))).toBe(true);

  await run();
  expect(said).toContain("1 of 1 cells have results");
});
