/** Carries a drill out: an experiment of one cell, with the report of all experiments. */
import { join, relative } from "node:path";

import { ExecaError } from "execa";

import { OperatorError } from "../../operator/command.ts";
import { writeFigures } from "../figures.ts";
import { answersAtEnd, atRest } from "../invariants.ts";
import { ensureGenerator } from "../load.ts";
import { failed, noticed, seconds, sent, slow } from "../measures.ts";
import type { Experiment, Load, Seconds } from "../model.ts";
import { readResults } from "../results.ts";
import { runExperiment, type RunOptions } from "../run.ts";
import { number } from "../text.ts";
import { history } from "../votes.ts";
import { DRILLS, type Place } from "./place.ts";
import type { Plan } from "./plan.ts";

/** Seconds of visits before the fault, and after it. */
export const BEFORE: Seconds = 15;
export const AFTER: Seconds = 60;

/** Votes are cast in the lab alone: elsewhere they would count in the users' poll. */
export function loadOf({ isLab }: Pick<Place, "isLab">): Load {
  return { visitsPerSecond: 5, votesPerSecond: isLab ? 2 : 0, timeoutSeconds: 30 };
}

const DROPPED = seconds("endpoints-dropped");
const REPLACED = seconds("replacement-ready");

export function experimentOf(
  { drill, fault, machine, seconds: lasts }: Plan,
  place: Pick<Place, "isLab" | "site">,
): Experiment {
  const where = machine === "" ? place.site.name : `${machine} of ${place.site.name}`;
  return {
    name: `drill-${drill.name}`,
    question: `What do visitors notice when ${where} has the fault ${drill.name} for ${lasts} s?`,
    variants: [{ name: drill.name, label: "as the stack is", settings: {} }],
    repeats: 1,
    load: loadOf(place),
    timeline: [
      { at: BEFORE, inject: fault },
      { at: BEFORE + lasts, recover: fault },
    ],
    tail: AFTER,
    measures: [
      ...[sent, ...noticed],
      ...[DROPPED, REPLACED, seconds("node-not-ready"), seconds("node-ready", "recover")],
    ],
    invariants: [...(place.isLab ? [history] : []), atRest, answersAtEnd],
    plots: [
      {
        ...{ kind: "timeline", name: "timeline", measure: failed.name },
        title: `What visitors saw: ${drill.name}`,
      },
    ],
  };
}

/**
 * Builds what sends the visits, where it is not there yet: before anybody is asked.
 *
 * @throws LabError when it cannot be built, OperatorError when there is no Go
 */
export async function prepareLoad(say: (text: string) => void): Promise<void> {
  try {
    await ensureGenerator(say);
  } catch (error) {
    if (error instanceof ExecaError && error.code === "ENOENT") {
      throw new OperatorError(
        "what sends the visits is built with Go, and this computer has none. fix: install Go 1.26",
      );
    }
    throw error;
  }
}

export interface DrillOptions extends Pick<RunOptions, "sendLoad"> {
  /** Told what goes on. */
  readonly say: (text: string) => void;
  /** Ends it before its time, its fault undone. */
  readonly signal: AbortSignal;
  /** When it begins, which its folder is called by; default: now. */
  readonly now?: Date;
  /** Folder of all drills; default: the checkout's. */
  readonly drills?: string;
}

/**
 * Runs a drill that was agreed to, and undoes its fault whatever happens.
 *
 * @returns lines for the person, and whether all held that must
 * @throws AbortError when it was ended from outside; its fault is undone then
 */
export async function carryOut(
  plan: Plan,
  place: Place,
  { say, now = new Date(), drills = DRILLS, ...others }: DrillOptions,
): Promise<{ readonly lines: readonly string[]; readonly isWell: boolean }> {
  const experiment = experimentOf(plan, place);
  const stamp = now.toISOString().replace(/\..*/, "Z").replaceAll(":", "-");
  const folder = join(drills, place.site.name, stamp, experiment.name);
  const options = { ...others, inForce: place.inForce, asItIs: true };
  const broken = await runExperiment(place.site, experiment, folder, say, options);
  await writeFigures([folder]);
  return { lines: summaryOf(plan, folder, broken), isWell: broken.length === 0 };
}

/** The handful of numbers that matter, what did not hold, and where the rest is. */
function summaryOf({ scene }: Plan, folder: string, broken: readonly string[]): readonly string[] {
  const values = readResults(folder).cells[0]?.values ?? {};
  const count = (name: string): string => number(values[name] ?? 0);
  const after = (name: string): string => {
    const value = values[name];
    return value === undefined ? "none" : `after ${number(value)} s`;
  };
  return [
    `visits: ${count(failed.name)} of ${count(sent.name)} failed, ${count(slow.name)} took longer than 1 s`,
    // Where none is there, none is dropped.
    ...(scene.facts.website.includes(scene.node)
      ? [`endpoints dropped: ${after(DROPPED.name)}`]
      : []),
    `replacement ready: ${after(REPLACED.name)}`,
    ...(broken.length === 0 ? ["the stack is as it was"] : broken.map((what) => `BROKEN: ${what}`)),
    `report: ${relative(process.cwd(), join(folder, "report.md"))}`,
  ];
}
