/** Carries an experiment out: cell after cell, each kept as it ends, so that a run can be continued. */
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isDeepStrictEqual } from "node:util";
import { createGzip } from "node:zlib";

import { runCell, type CellOptions } from "./cell.ts";
import { keepDescription } from "./describe.ts";
import { computer, ENVIRONMENT } from "./environment.ts";
import { kindOf } from "./faults/index.ts";
import { InForce } from "./in-force.ts";
import { readVisits } from "./load.ts";
import type { CellData, Experiment, Fault, Mark, Moment, Note, Variant } from "./model.ts";
import { cellsOf, nameOf, type Cell } from "./order.ts";
import type { Site } from "./site.ts";
import { untilSteady } from "./steady.ts";
import { openings, urlsOf } from "./target.ts";
import { countedVotes } from "./votes.ts";

/** Outside of the results: it says something of a site, not of an experiment. */
const IN_FORCE = join(import.meta.dirname, "..", ".fogline", "faults");

export interface RunOptions {
  /** Ends the run before its time, faults undone; what has no result then runs next time. Default: nothing does. */
  readonly signal?: AbortSignal;
  /** Names of the variants that run now; default: all. */
  readonly only?: readonly string[] | undefined;
  /** Folder of the files that say which faults are in force at a site; default: the checkout's. */
  readonly inForce?: string;
  /** Whether a stack without settings of a variant's own stays as it is, without an `up`; default false. */
  readonly asItIs?: boolean;
  /** Sends the load; default: the generator of `load/`. */
  readonly sendLoad?: CellOptions["sendLoad"];
}

/**
 * Runs those cells of an experiment that have no result yet. Faults that an earlier run has left in force are undone
 * first.
 *
 * @param folder of the experiment's results
 * @param say told what goes on
 * @returns what is wrong with the cells that ran, as their invariants say it
 * @throws RangeError when it is to run variants that it does not have
 */
export async function runExperiment(
  site: Site,
  experiment: Experiment,
  folder: string,
  say: (text: string) => void,
  { signal, only, inForce: place = IN_FORCE, asItIs = false, sendLoad }: RunOptions = {},
): Promise<readonly string[]> {
  const names = experiment.variants.map(({ name }) => name);
  const unknown = (only ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(
      `${experiment.name} has no variant ${unknown.join(", ")}. fix: use ${names.join(", ")}`,
    );
  }
  keepDescription(folder, experiment);
  const inForce = new InForce(join(place, `${site.name}.json`));
  await inForce.undo(site, say);
  const cells = cellsOf(experiment);
  const missing = cells.filter((cell) => !existsSync(join(folderOf(folder, cell), "cell.json")));
  const open = missing.filter(({ variant }) => only?.includes(variant.name) ?? true);
  say(`${cells.length - missing.length} of ${cells.length} cells have results`);
  let current: Variant["settings"] | undefined = asItIs ? {} : undefined;
  const wrong: string[] = [];
  for (const [n, cell] of open.entries()) {
    const tell = (text: string): void => {
      say(`[${n + 1}/${open.length}] ${nameOf(cell)}: ${text}`);
    };
    signal?.throwIfAborted();
    const { settings, timeline = experiment.timeline } = cell.variant;
    if (!isDeepStrictEqual(current, settings)) {
      tell("bringing the stack up with its settings");
      await site.up(settings);
      current = settings;
    }
    tell("waiting until the stack is at rest");
    await untilSteady(site, tell, signal);
    const planned = { ...experiment, timeline };
    const options = { inForce, signal, ...(sendLoad === undefined ? {} : { sendLoad }) };
    const { values, broken } = await keepCell(site, planned, cell, folder, tell, options);
    tell(
      Object.entries(values)
        .map((pair) => pair.join(" "))
        .join(", "),
    );
    for (const what of broken) {
      tell(`BROKEN: ${what}`);
      wrong.push(`${nameOf(cell)}: ${what}`);
    }
  }
  return wrong;
}

function folderOf(folder: string, cell: Cell): string {
  return join(folder, "cells", nameOf(cell));
}

/** Runs a cell and keeps what it leaves; its folder is there when all of it is. */
async function keepCell(
  site: Site,
  experiment: Experiment,
  cell: Cell,
  folder: string,
  say: (text: string) => void,
  options: CellOptions,
): Promise<{
  readonly values: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}> {
  const final = folderOf(folder, cell);
  const draft = `${final}.part`;
  await rm(draft, { recursive: true, force: true });
  await rm(final, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  await keepEnvironment(site, folder);
  const startedAt = new Date().toISOString();
  const rows = join(draft, "visits.csv");
  const { target } = cell.variant;
  const faults = [...openings(target), ...faultsOf(experiment.timeline)];
  const run = await prepared(site, faults, say, options, async () => {
    const urls = await urlsOf(site, target);
    return await runCell(site, experiment, rows, say, { ...options, urls });
  });
  const { marks, notes, readings, generator, zeroUnixMicroseconds } = run;
  const hasVotes = experiment.load.votesPerSecond > 0;
  say(`waiting until the stack is at rest${hasVotes ? ", to count its votes" : ""}`);
  const unrest = await unrestOf(site, say, options.signal);
  const visits = await readVisits(rows);
  const counted = hasVotes ? await countedVotes(site, visits) : { counted: [] };
  const data: CellData = {
    variant: cell.variant.name,
    repeat: cell.repeat,
    visits,
    marks,
    notes,
    ...(unrest === undefined ? {} : { unrest }),
    readings,
    ...counted,
  };
  const values = Object.fromEntries(
    experiment.measures.flatMap(({ name, of }) => {
      const value = of(data);
      return value === undefined ? [] : [[name, Number(value.toFixed(4))]];
    }),
  );
  const broken = experiment.invariants.flatMap(({ name, broken: of }) =>
    of(data).map((what) => `${name}: ${what}`),
  );
  await writeFile(join(draft, "marks.csv"), marksCsv(marks));
  await pipeline(createReadStream(rows), createGzip(), createWriteStream(`${rows}.gz`));
  await rm(rows);
  const { variant, repeat } = data;
  const record = {
    ...{ variant, repeat, startedAt, zeroUnixMicroseconds, generator, values, broken },
    notes: shortened(notes),
    ...(Object.keys(readings).length === 0 ? {} : { readings }),
  };
  await writeFile(join(draft, "cell.json"), `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(draft, final);
  return { values, broken };
}

/**
 * Does something with what faults need, all of it undone at the end, whatever happens. What leaves something on the
 * stack is noted before it begins, and the stack comes to rest with it.
 */
export async function prepared<T>(
  site: Site,
  faults: readonly Fault[],
  say: (text: string) => void,
  { inForce, signal }: CellOptions,
  use: () => Promise<T>,
): Promise<T> {
  try {
    for (const fault of faults) {
      const kind = kindOf(fault);
      if (kind.prepare !== undefined) {
        say(`prepares: ${kind.describe(fault)}`);
        if (kind.clear !== undefined) {
          inForce.add(fault);
        }
        await kind.prepare(site, fault);
      }
    }
    if (inForce.all().length > 0) {
      await untilSteady(site, say, signal);
    }
    return await use();
  } finally {
    await inForce.undo(site, say);
  }
}

/** Faults of a timeline, each once. */
export function faultsOf(timeline: readonly Moment[]): readonly Fault[] {
  const faults = timeline.flatMap((moment) => ("inject" in moment ? [moment.inject] : []));
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

/** Why a stack does not come to rest; undefined where it does. @throws AbortError when it was ended meanwhile */
async function unrestOf(
  site: Site,
  say: (text: string) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    await untilSteady(site, say, signal);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

/** Microseconds are enough, as in `marks.csv`. */
function shortened(notes: readonly Note[]): readonly Note[] {
  return notes.map(({ at, text }) => ({ at: Number(at.toFixed(6)), text }));
}

/** What the first cell ran on; a run that is continued elsewhere is another run. */
async function keepEnvironment(site: Site, folder: string): Promise<void> {
  const file = join(folder, "environment.json");
  const now = {
    date: new Date().toISOString(),
    site: site.name,
    ...(await computer()),
    ...(await site.parts()),
  };
  if (!existsSync(file)) {
    await writeFile(file, `${JSON.stringify(now, undefined, 2)}\n`);
    return;
  }
  const { machine } = ENVIRONMENT.parse(JSON.parse(readFileSync(file, "utf8")));
  if (!isDeepStrictEqual(machine, now.machine)) {
    throw new Error(
      `${file} is of another machine: its cells and those of this one cannot be compared. ` +
        "fix: remove that folder, or continue on the machine where it began",
    );
  }
}

/** Marks as `marks.csv` has them. */
export function marksCsv(marks: readonly Mark[]): string {
  const rows = marks.map(({ at, what, subject }) => [at.toFixed(6), what, subject].join(","));
  return `${["at,what,subject", ...rows].join("\n")}\n`;
}
