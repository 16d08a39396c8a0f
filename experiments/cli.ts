/**
 * `make experiment NAME=failover-pi`: runs what is missing of an experiment on the lab that is up, and keeps it in
 * `experiments/results/`. Run again, it goes on where it was ended. ARGS: `--repeats=3` runs fewer, `--only=a,b`
 * only these variants, `--results=DIR` keeps them elsewhere. Ends with 0 when all cells are there and every invariant held, 1 otherwise, 130 when it was
 * ended from outside: then the faults that were on are undone first.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";

import { RUN } from "../lab/layout.ts";
import { EXPERIMENTS } from "./catalogue/index.ts";
import { labSite } from "./lab-site.ts";
import { RESULTS, writeFigures } from "./figures.ts";
import { runExperiment } from "./run.ts";

const { values } = parseArgs({
  options: {
    repeats: { type: "string" },
    results: { type: "string" },
    only: { type: "string" },
    list: { type: "boolean" },
  },
});
const name = process.env["NAME"] ?? "";
const experiment = EXPERIMENTS.find((each) => each.name === name);
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
  try {
    const planned = { ...experiment, repeats };
    const broken = await runExperiment(labSite(), planned, folder, say, options);
    await writeFigures([folder]);
    process.exitCode = broken.length === 0 ? 0 : 1;
  } catch (error) {
    if (!ending.signal.aborted) {
      throw error;
    }
    // What could not be undone is told; that it was ended is known.
    say(error instanceof Error && error.name !== "AbortError" ? error.message : "ended");
    process.exitCode = 130;
  }
}
