/**
 * Everything that is made from cells: tables, reports and pictures of each folder of `experiments/results/`.
 * Documents refer to the pictures where they lie, so that there are no copies of them.
 *
 * Usage: node --import tsx experiments/figures.ts [folder of results]   (`make figures`)
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

import { cellsOf } from "./order.ts";
import { draw } from "./plots/draw.ts";
import { pictureOf } from "./plots/index.ts";
import { report } from "./report.ts";
import { readResults, ResultsError, type Results } from "./results.ts";
import { summarize, type Summary } from "./summary.ts";
import { csv } from "./text.ts";

/** Where each experiment has its folder. */
export const RESULTS = join(import.meta.dirname, "results");
/** What writes all files anew. */
export const COMMAND = "make figures";

/** Folders of results, by their names; none where nothing was run yet. */
export function resultFolders(results: string = RESULTS): readonly string[] {
  return existsSync(results)
    ? readdirSync(results, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => join(results, name))
        .sort()
    : [];
}

/**
 * What is made of a folder's cells, by file name.
 *
 * @throws ResultsError naming each file of the folder that is missing or not as it must be
 */
export async function figures(folder: string): Promise<ReadonlyMap<string, string>> {
  const results = readResults(folder);
  const summary = summarize(results);
  const files = new Map([
    ["cells.csv", table(results)],
    ["summary.json", `${JSON.stringify(numbers(results, summary), digits, 2)}\n`],
    ["report.md", report(results, summary)],
  ]);
  for (const plot of results.description.plots) {
    files.set(`${plot.name}.svg`, await draw(pictureOf(plot, results, summary)));
  }
  return files;
}

/**
 * Which files of a folder are not what its cells make: those that differ, are missing, or are drawn by nothing.
 *
 * @throws ResultsError as {@link figures}
 */
export async function outdated(folder: string): Promise<readonly string[]> {
  const files = await figures(folder);
  const drawn = readdirSync(folder).filter((name) => name.endsWith(".svg") && !files.has(name));
  const changed = [...files].flatMap(([name, content]) => {
    const path = join(folder, name);
    return existsSync(path) && readFileSync(path, "utf8") === content ? [] : [name];
  });
  return [
    ...changed.map((name) => `${join(folder, name)} is not what its cells make: ${COMMAND}`),
    ...drawn.map((name) => `${join(folder, name)} is no plot of experiment.json: remove it`),
  ];
}

/** One row per cell and measure. */
function table({ cells, description }: Results): string {
  return csv([
    ["variant", "repeat", "measure", "value"],
    ...cells.flatMap(({ variant, repeat, values }) =>
      description.measures.flatMap(({ name }) => {
        const value = values[name];
        return value === undefined ? [] : [[variant, repeat, name, value]];
      }),
    ),
  ]);
}

/** `summary.json`. */
function numbers({ description, cells }: Results, summary: Summary): object {
  return {
    experiment: description.name,
    cells: cells.length,
    planned: cellsOf(description).length,
    void: summary.voided.map(({ variant, repeat }) => `${variant}-${repeat}`),
    broken: cells.flatMap(({ variant, repeat, broken }) =>
      broken.map((what) => ({ cell: `${variant}-${repeat}`, what })),
    ),
    statistics: summary.statistics.map(({ values, without, interval, ...of }) => ({
      ...{ measure: of.measure, variant: of.variant, n: values.length, without },
      ...{ median: of.median, interval, mean: of.mean, min: of.min, max: of.max },
    })),
    pairs: summary.pairs.map(({ measure, baseline, variant, effect }) => ({
      ...{ measure, baseline, variant, ...effect },
    })),
    comparisons: summary.comparisons.map(({ effect, ...comparison }) => ({
      ...{ ...comparison, ...effect },
    })),
  };
}

/** Six digits: more say nothing. */
function digits(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(6)) : value;
}

/** Writes what has changed, and says which files that are. @throws ResultsError as {@link figures} */
export async function writeFigures(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    for (const [name, content] of await figures(folder)) {
      const path = join(folder, name);
      if (!existsSync(path) || readFileSync(path, "utf8") !== content) {
        writeFileSync(path, content);
        process.stdout.write(`${relative(process.cwd(), path)}\n`);
      }
    }
  }
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2];
  try {
    await writeFigures(folder === undefined ? resultFolders() : [folder]);
  } catch (error) {
    if (!(error instanceof ResultsError)) {
      throw error;
    }
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
