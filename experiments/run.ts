/** Carries an experiment out: cell after cell, each kept as it ends, so that a run can be continued. */
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { isDeepStrictEqual } from "node:util";
import { createGzip } from "node:zlib";

import { runCell } from "./cell.ts";
import { keepDescription } from "./describe.ts";
import { computer, ENVIRONMENT } from "./environment.ts";
import { readVisits } from "./load.ts";
import type { CellData, Experiment, Mark } from "./model.ts";
import { cellsOf, nameOf, type Cell } from "./order.ts";
import type { Site } from "./site.ts";
import { untilSteady } from "./steady.ts";
import { openTarget } from "./target.ts";
import { countedVotes } from "./votes.ts";

/**
 * Runs those cells of an experiment that have no result yet.
 *
 * @param folder of the experiment's results
 * @param say told what goes on
 * @returns what is wrong with the cells that ran, as their invariants say it
 */
export async function runExperiment(
  site: Site,
  experiment: Experiment,
  folder: string,
  say: (text: string) => void,
): Promise<readonly string[]> {
  keepDescription(folder, experiment);
  const cells = cellsOf(experiment);
  const open = cells.filter((cell) => !existsSync(join(folderOf(folder, cell), "cell.json")));
  say(`${cells.length - open.length} of ${cells.length} cells have results`);
  let current: string | undefined;
  const wrong: string[] = [];
  for (const [n, cell] of open.entries()) {
    const tell = (text: string): void => {
      say(`[${n + 1}/${open.length}] ${nameOf(cell)}: ${text}`);
    };
    if (current !== cell.variant.name) {
      tell("bringing the stack up with its settings");
      await site.up(cell.variant.settings);
      current = cell.variant.name;
    }
    tell("waiting until the stack is at rest");
    await untilSteady(site, tell);
    const { values, broken } = await keepCell(site, experiment, cell, folder, tell);
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
  const run = await (async () => {
    await using target = await openTarget(site, cell.variant.target);
    return await runCell(site, experiment, rows, say, target.urls);
  })();
  const { marks, generator, zeroUnixMicroseconds } = run;
  say("waiting until the stack is at rest, to count its votes");
  await untilSteady(site, say);
  const visits = await readVisits(rows);
  const counted = await countedVotes(site, visits);
  const data: CellData = {
    variant: cell.variant.name,
    repeat: cell.repeat,
    visits,
    marks,
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
  const record = { variant, repeat, startedAt, zeroUnixMicroseconds, generator, values, broken };
  await writeFile(join(draft, "cell.json"), `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(draft, final);
  return { values, broken };
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
