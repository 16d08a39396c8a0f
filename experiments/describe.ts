/**
 * What an experiment's report needs to know of it, as `experiment.json` keeps it beside the cells: results
 * can be drawn again when the experiment has changed or is gone.
 */
import { z } from "zod";

import type { Experiment } from "./model.ts";

/** A file's name, and nothing that a path or a table could take for something else. */
const name = z.string().regex(/^[a-z0-9][a-z0-9_.-]*$/i, "is letters, digits, `-`, `_` and `.`");

const named = { name, title: z.string() };

const PLOT = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("dots"), ...named, measures: z.array(name), axis: z.string() }),
  z.object({
    ...{ kind: z.literal("timeline"), ...named, measure: name },
    variants: z.array(name).optional(),
  }),
  z.object({
    ...{ kind: z.literal("lines"), ...named, measure: name, xAxis: z.string(), yAxis: z.string() },
    points: z.array(
      z.object({ variant: name, line: z.string(), panel: z.string(), x: z.number() }),
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
      }),
    )
    .min(1),
  repeats: z.int().positive(),
  load: z.object({
    ...{ visitsPerSecond: z.number(), votesPerSecond: z.number(), timeoutSeconds: z.number() },
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
  return DESCRIPTION.parse({
    ...{ name: experiment.name, question: experiment.question },
    variants: experiment.variants,
    ...{ repeats: experiment.repeats, load: experiment.load },
    ...{ timeline: experiment.timeline, tail: experiment.tail },
    measures: experiment.measures.map(({ name, label }) => ({ name, label })),
    invariants: experiment.invariants.map(({ name }) => name),
    ...{ plots, published },
  });
}
