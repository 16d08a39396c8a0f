/**
 * Reads what a run has left in `experiments/results/<experiment>/`:
 *
 * - `experiment.json`: what was asked and compared (`describe.ts`)
 * - `environment.json`: what it ran on (`environment.ts`)
 * - `cells/<variant>-<repeat>/` of each cell that was finished: `cell.json`, `marks.csv` and `visits.csv.gz`
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";

import { read } from "vega";
import { z } from "zod";

import { DESCRIPTION, type Description } from "./describe.ts";
import { ENVIRONMENT, type Environment } from "./environment.ts";
import { OBSERVED, type Mark, type Visit } from "./model.ts";

/** `cell.json`. */
const CELL = z.object({
  variant: z.string(),
  /** From 1. */
  repeat: z.int().positive(),
  /** ISO 8601 time. */
  startedAt: z.string(),
  /** The cell's zero, on the clock of the Unix epoch. */
  zeroUnixMicroseconds: z.number(),
  generator: z.object({
    /** Share of one core that it used, whatever their number. */
    cpuShare: z.number(),
    /** How long after its moment the latest request was sent. */
    latestStartSeconds: z.number(),
  }),
  /** By name of the measure; a measure that the cell has no value of is absent. */
  values: z.record(z.string(), z.number()),
  /** What is wrong, as invariants said it; empty where all held. */
  broken: z.array(z.string()),
  /** What faults told of themselves. */
  notes: z.array(z.object({ at: z.number(), text: z.string() })).optional(),
});
/** A finished cell, and its folder. */
export type Cell = z.infer<typeof CELL> & { readonly folder: string };

const VISITS = z.array(
  z.object({
    at: z.number(),
    latency: z.number(),
    status: z.number(),
    error: z.string(),
    method: z.enum(["GET", "POST"]),
    ...{ id: z.string(), pod: z.string(), node: z.string() },
  }),
);
const MARKS = z.array(
  z.object({
    at: z.number(),
    what: z.enum(["inject", "recover", ...OBSERVED]),
    subject: z.string(),
  }),
);

/** What a run has left; cells in order of variants and repeats. */
export interface Results {
  readonly folder: string;
  readonly description: Description;
  readonly environment: Environment;
  readonly cells: readonly Cell[];
}

/** Results that cannot be read: all of what is wrong, each with its file. */
export class ResultsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ResultsError";
  }
}

/**
 * The results of one folder; cells that were not finished are not among them.
 *
 * @throws ResultsError naming each file that is missing or not as it must be
 */
export function readResults(folder: string): Results {
  const problems: string[] = [];
  const json = <T>(path: string, schema: z.ZodType<T>): T | undefined => {
    try {
      return parsed(path, JSON.parse(readFileSync(join(folder, path), "utf8")), schema);
    } catch (error) {
      problems.push(...problemsOf(folder, path, error));
      return undefined;
    }
  };
  const description = json("experiment.json", DESCRIPTION);
  const environment = json("environment.json", ENVIRONMENT);
  const cells = finished(folder).flatMap((path) => {
    const cell = json(join(path, "cell.json"), CELL);
    return cell === undefined ? [] : [{ ...cell, folder: path }];
  });
  if (description === undefined || environment === undefined || problems.length > 0) {
    throw new ResultsError(problems);
  }
  problems.push(...contradictions(folder, description, cells));
  if (problems.length > 0) {
    throw new ResultsError(problems);
  }
  const order = description.variants.map(({ name }) => name);
  const sorted = cells.sort(
    (a, b) => order.indexOf(a.variant) - order.indexOf(b.variant) || a.repeat - b.repeat,
  );
  return { folder, description, environment, cells: sorted };
}

/** Every request of a cell. @throws ResultsError where the file is missing or not as it must be */
export function readVisits({ folder }: Results, cell: Cell): readonly Visit[] {
  const path = join(cell.folder, "visits.csv.gz");
  return table(folder, path, VISITS, ["at", "latency", "status"], (data) => gunzipSync(data));
}

/** What was done and seen in a cell. @throws ResultsError where the file is missing or not as it must be */
export function readMarks({ folder }: Results, cell: Cell): readonly Mark[] {
  return table(folder, join(cell.folder, "marks.csv"), MARKS, ["at"], (data) => data);
}

/** Folders of finished cells; a cell that is under way is named `.part`, and has no `cell.json` elsewhere. */
function finished(folder: string): string[] {
  const cells = join(folder, "cells");
  return existsSync(cells)
    ? readdirSync(cells)
        .sort()
        .filter((name) => !name.endsWith(".part") && existsSync(join(cells, name, "cell.json")))
        .map((name) => join("cells", name))
    : [];
}

function table<T>(
  folder: string,
  path: string,
  schema: z.ZodType<T>,
  numbers: readonly string[],
  unpacked: (data: Buffer) => Buffer,
): T {
  try {
    const text = unpacked(readFileSync(join(folder, path))).toString("utf8");
    const parse = Object.fromEntries(numbers.map((column) => [column, "number"] as const));
    // A row is an array that has the columns as properties, too; the schema takes the row as it is.
    return parsed(path, [...read(text, { type: "csv", parse })], schema);
  } catch (error) {
    throw new ResultsError(problemsOf(folder, path, error));
  }
}

function parsed<T>(path: string, data: unknown, schema: z.ZodType<T>): T {
  const { success, data: value, error } = schema.safeParse(data);
  if (!success) {
    throw new ResultsError(
      error.issues.map((issue) => `${[path, ...issue.path].join(": ")}: ${issue.message}`),
    );
  }
  return value;
}

function problemsOf(folder: string, path: string, error: unknown): string[] {
  const problems = error instanceof ResultsError ? error.problems : [`${path}: ${reasonOf(error)}`];
  return problems.map((problem) => `${folder}: ${problem}`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error && error.code === "ENOENT"
    ? "is missing; a run of the experiment writes it"
    : String(error);
}

/** Where files say different things. */
function contradictions(
  folder: string,
  { name, variants, measures, plots }: Description,
  cells: readonly Cell[],
): string[] {
  const known = new Set(variants.map((variant) => variant.name));
  const measured = new Set(measures.map((measure) => measure.name));
  const problems = [
    ...(name === basename(folder)
      ? []
      : [`experiment.json: its name is ${name}, its folder's not`]),
    ...repeated(plots.map((plot) => plot.name)).map(
      (plot) => `experiment.json: two plots are named ${plot}`,
    ),
    ...plots.flatMap((plot) => [
      ...("measures" in plot ? plot.measures : [plot.measure])
        .filter((measure) => !measured.has(measure))
        .map((measure) => `experiment.json: plot ${plot.name}: no measure is named ${measure}`),
      ...variantsOf(plot)
        .filter((variant) => !known.has(variant))
        .map((variant) => `experiment.json: plot ${plot.name}: no variant is named ${variant}`),
    ]),
    ...variants
      .filter(({ against }) => against !== undefined && !known.has(against))
      .map(
        (variant) =>
          `experiment.json: ${variant.name}: no variant is named ${variant.against ?? ""}`,
      ),
    ...repeated(cells.map(({ variant, repeat }) => `${variant}-${repeat}`)).map(
      (cell) => `cells: two folders hold ${cell}`,
    ),
    ...cells.flatMap((cell) => [
      ...(known.has(cell.variant) ? [] : [`${cell.folder}: no variant is named ${cell.variant}`]),
      ...(basename(cell.folder).replace(/-0*(\d+)$/, "-$1") === `${cell.variant}-${cell.repeat}`
        ? []
        : [`${cell.folder}: it holds ${cell.variant}-${cell.repeat}`]),
      ...Object.keys(cell.values)
        .filter((measure) => !measured.has(measure))
        .map((measure) => `${cell.folder}: no measure is named ${measure}`),
    ]),
  ];
  return problems.map((problem) => `${folder}: ${problem}`);
}

function variantsOf(plot: Description["plots"][number]): readonly string[] {
  switch (plot.kind) {
    case "lines":
      return plot.points.map(({ variant }) => variant);
    case "timeline":
      return plot.variants ?? [];
    default:
      return [];
  }
}

function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, n) => names.indexOf(name) !== n))];
}
