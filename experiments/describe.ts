/**
 * What an experiment's report needs to know of it, as `experiment.json` keeps it beside the cells: results
 * can be drawn again when the experiment has changed or is gone.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import type { Experiment } from "./model.ts";

/** A file's name, and nothing that a path or a table could take for something else. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/i, "is letters, digits, `-`, `_` and `.`");

const named = { name, title: z.string() };

const PLOT = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("dots"), ...named, measures: z.array(name), axis: z.string() }),
  z.object({
    ...{ kind: z.literal("timeline"), ...named, measure: name },
    ...{ variants: z.array(name).optional(), bin: z.number().positive().optional() },
  }),
  z.object({
    ...{ kind: z.literal("lines"), ...named, measure: name, xAxis: z.string(), yAxis: z.string() },
    points: z.array(
      z.object({
        ...{ variant: name, line: z.string(), panel: z.string(), x: z.number() },
        measure: name.optional(),
      }),
    ),
  }),
  z.object({ kind: z.literal("ratios"), ...named, measures: z.array(name) }),
]);

/** `experiment.json`. */
export const DESCRIPTION = z.object({
  name,
  question: z.string(),
  variants: z
    .array(
      z.object({
        ...{ name, label: z.string() },
        settings: z.record(z.string(), z.record(z.string(), z.unknown())),
        against: name.optional(),
        target: z.object({ kind: z.enum(["ingress", "pod"]), machine: z.string() }).optional(),
        timeline: z.array(z.unknown()).optional(),
        repeats: z.int().positive().optional(),
      }),
    )
    .min(1),
  repeats: z.int().positive(),
  load: z.object({
    ...{ visitsPerSecond: z.number(), votesPerSecond: z.number(), timeoutSeconds: z.number() },
    stages: z.array(z.object({ visitsPerSecond: z.number(), seconds: z.number() })).optional(),
    connections: z.enum(["new", "kept"]).optional(),
  }),
  timeline: z.array(z.unknown()),
  tail: z.number(),
  measures: z.array(z.object({ name, label: z.string() })),
  invariants: z.array(z.string()),
  plots: z.array(PLOT),
  published: z.array(z.object({ what: z.string(), found: z.string(), source: z.string() })),
});
export type Description = z.infer<typeof DESCRIPTION>;

/** What is written as `experiment.json` when an experiment starts. */
export function describe(experiment: Experiment): Description {
  const { plots = [], published = [] } = experiment;
  // Through JSON, as it is read again: settings that are undefined are not written.
  const description = {
    ...{ name: experiment.name, question: experiment.question },
    variants: experiment.variants,
    ...{ repeats: experiment.repeats, load: experiment.load },
    ...{ timeline: experiment.timeline, tail: experiment.tail },
    measures: experiment.measures.map(({ name, label }) => ({ name, label })),
    invariants: experiment.invariants.map(({ name }) => name),
    ...{ plots, published },
  };
  return DESCRIPTION.parse(JSON.parse(JSON.stringify(description)));
}

/**
 * Writes `experiment.json` when a run begins or goes on. Measures, plots and words may have changed since it
 * began; what its cells depend on may not.
 *
 * @throws Error when cells of the folder were made under other conditions
 */
export function keepDescription(folder: string, experiment: Experiment): void {
  const path = join(folder, "experiment.json");
  const now = describe(experiment);
  const before = existsSync(path)
    ? DESCRIPTION.parse(JSON.parse(readFileSync(path, "utf8")))
    : undefined;
  const changed = before === undefined ? [] : changes(before, now);
  if (changed.length > 0) {
    throw new Error(
      `${path}: ${changed.join(", ")} changed since the run began, so its cells cannot be compared. ` +
        "fix: remove the folder, or give the experiment another name",
    );
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, `${JSON.stringify(now, undefined, 2)}\n`);
}

/** Of what cells depend on. A variant that is new has no cells yet. */
function changes(before: Description, now: Description): readonly string[] {
  const conditions = ["load", "timeline", "tail"] as const;
  return [
    ...conditions.filter((key) => !isDeepStrictEqual(before[key], now[key])),
    ...before.variants.flatMap(({ name, settings, timeline, target }) => {
      const same = now.variants.find((variant) => variant.name === name);
      const isSame =
        isDeepStrictEqual(same?.settings, settings) &&
        isDeepStrictEqual(same?.timeline, timeline) &&
        isDeepStrictEqual(same?.target, target);
      return isSame ? [] : [`variant ${name}`];
    }),
  ];
}
