/**
 * `make experiment NAME=failover-pi`: runs what is missing of an experiment on the lab that is up, and keeps it in
 * `experiments/results/`. Run again, it goes on where it was ended. ARGS: `--repeats=3` runs fewer, `--only=a,b`
 * only these variants, `--results=DIR` keeps them elsewhere, `--minutes=5` makes the cells of an experiment shorter
 * that can be, under another name. Ends with 0 when all cells are there and every invariant held, 1 otherwise, 130 when
 * it was ended from outside: then the faults that were on are undone first.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";

import { RUN } from "../lab/layout.ts";
import { EXPERIMENTS } from "./catalogue/index.ts";
import { InForce } from "./in-force.ts";
import { labSite } from "./lab-site.ts";
import { RESULTS, writeFigures } from "./figures.ts";
import type { Experiment } from "./model.ts";
import { runExperiment } from "./run.ts";

const { values } = parseArgs({
  options: {
    repeats: { type: "string" },
    results: { type: "string" },
    only: { type: "string" },
    minutes: { type: "string" },
    list: { type: "boolean" },
  },
});
const name = process.env["NAME"] ?? "";
const named = EXPERIMENTS.find((each) => each.name === name);
const experiment = named === undefined ? undefined : ofLength(named, values.minutes);
if (values.list === true || experiment === undefined) {
  const lines = EXPERIMENTS.map((each) => `  ${each.name}  ${each.question}`);
  process.stdout.write(`make experiment NAME=…\n${lines.join("\n")}\n`);
  process.exitCode = values.list === true ? 0 : 2;
} else {
  const began = performance.now();
  const say = (text: string): void => {
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    process.stdout.write(`${minutes} min  ${text}\n`);
  };
  const repeats = values.repeats === undefined ? experiment.repeats : Number(values.repeats);
  const folder = join(values.results ?? RESULTS, experiment.name);
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      say(`${signal}: undoes the faults that are on, and ends; a second one ends it at once`);
      ending.abort();
    });
  }
  // A lab that is removed takes its faults with it.
  const inForce = join(RUN, "faults");
  const options = { signal: ending.signal, only: values.only?.split(","), inForce };
  let release = (): void => undefined;
  try {
    const site = labSite();
    release = new InForce(join(inForce, `${site.name}.json`)).lock("experiment");
    const planned = { ...experiment, repeats };
    const broken = await runExperiment(site, planned, folder, say, options);
    await writeFigures([folder]);
    process.exitCode = broken.length === 0 ? 0 : 1;
  } catch (error) {
    if (!ending.signal.aborted) {
      throw error;
    }
    // What could not be undone is told; that it was ended is known.
    say(error instanceof Error && error.name !== "AbortError" ? error.message : "ended");
    process.exitCode = 130;
  } finally {
    release();
  }
}

/** @throws Error where the experiment's length is its own, or the one asked for is none */
function ofLength(of: Experiment, minutes: string | undefined): Experiment {
  if (minutes === undefined) {
    return of;
  }
  if (of.lasting === undefined) {
    throw new Error(`--minutes: the length of ${of.name} is its own. fix: leave the option out`);
  }
  return of.lasting(Number(minutes));
}
