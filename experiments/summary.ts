/** What the cells of a run come to: medians, differences between variants, and which of them are claims. */
import type { Description } from "./describe.ts";
import { AA } from "./model.ts";
import type { Cell, Results } from "./results.ts";
import {
  compare,
  excludesNoDifference,
  FEWEST,
  max,
  mean,
  median,
  medianInterval,
  min,
  sizeOf,
  spreadOf,
  type Effect,
  type Interval,
  type Sample,
} from "./stats.ts";
import { number } from "./text.ts";

/** Share of a core above which the load generator may have been too slow itself. */
const BUSIEST = 0.5;
/** Seconds that its latest request may have been sent after its moment. */
const LATEST = 0.1;

/** Why a cell does not count: its load generator was too slow, and measured itself. Empty where it counts. */
export function whyVoid({ generator: { cpuShare, latestStartSeconds } }: Cell): readonly string[] {
  return [
    ...(cpuShare > BUSIEST
      ? [
          `the load generator used ${number(cpuShare * 100)} % of a core, more than ${BUSIEST * 100} %`,
        ]
      : []),
    ...(latestStartSeconds > LATEST
      ? [
          `a request was sent ${number(latestStartSeconds * 1000)} ms late, more than ${LATEST * 1000} ms`,
        ]
      : []),
  ];
}

/** One measure of one variant. */
export interface Statistics {
  readonly measure: string;
  readonly variant: string;
  /** By repeat; cells that have no value are absent. */
  readonly values: readonly { readonly repeat: number; readonly value: number }[];
  /** The same, to compare. */
  readonly sample: Sample;
  /** Repeats of cells that have no value. */
  readonly without: readonly number[];
  /** Undefined where there are no values; so are the others. */
  readonly median: number | undefined;
  readonly interval: Interval | undefined;
  readonly mean: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

/** One variant against another, by one measure. */
export interface Comparison {
  readonly measure: string;
  /** What it is compared with. */
  readonly baseline: string;
  readonly variant: string;
  readonly effect: Effect;
  /** The A/A pair's for this measure; undefined where there is none. */
  readonly spread: number | undefined;
  readonly isClaim: boolean;
  /** Why it is none. */
  readonly reason: string | undefined;
}

export interface Summary {
  /** Cells that count. */
  readonly cells: readonly Cell[];
  /** Cells that do not. */
  readonly voided: readonly Cell[];
  /** In order of measures and variants. */
  readonly statistics: readonly Statistics[];
  /** How the A/A copy compares with the first variant; by measure, in their order. */
  readonly pairs: readonly Comparison[];
  /** All others, each against the variant that it names, or the first. */
  readonly comparisons: readonly Comparison[];
}

export function summarize({ description, cells: all }: Results): Summary {
  const isVoid = (cell: Cell): boolean => whyVoid(cell).length > 0;
  const cells = all.filter((cell) => !isVoid(cell));
  const names = description.measures.map(({ name }) => name);
  const statistics = names.flatMap((measure) =>
    description.variants.map(({ name }) => statisticsOf(measure, name, cells)),
  );
  const [first, ...others] = description.variants;
  const compared = (measure: string, variant: Variant, spread?: number): Comparison[] =>
    comparisonOf(statistics, measure, variant.against ?? first?.name ?? "", variant.name, spread);
  const copies = others.filter(({ name }) => name === AA);
  const pairs = names.flatMap((measure) => copies.flatMap((copy) => compared(measure, copy)));
  const comparisons = names.flatMap((measure) => {
    const pair = pairs.find((each) => each.measure === measure);
    return others
      .filter(({ name, against }) => name !== AA && against !== name)
      .flatMap((variant) => compared(measure, variant, pair && spreadOf(pair.effect)));
  });
  return { cells, voided: all.filter(isVoid), statistics, pairs, comparisons };
}

type Variant = Description["variants"][number];

/** The statistics of one measure of one variant. @throws RangeError where there are none */
export function statisticsFor(summary: Summary, measure: string, variant: string): Statistics {
  return found(summary.statistics, measure, variant);
}

function found(all: readonly Statistics[], measure: string, variant: string): Statistics {
  const one = all.find((each) => each.measure === measure && each.variant === variant);
  if (one === undefined) {
    throw new RangeError(`the summary has no ${measure} of ${variant}`);
  }
  return one;
}

function statisticsOf(measure: string, variant: string, cells: readonly Cell[]): Statistics {
  const own = cells.filter((cell) => cell.variant === variant);
  const values = own.flatMap(({ repeat, values: { [measure]: value } }) =>
    value === undefined ? [] : [{ repeat, value }],
  );
  const without = own.filter((cell) => !(measure in cell.values)).map(({ repeat }) => repeat);
  const sample = { name: `${measure} ${variant}`, values: values.map(({ value }) => value) };
  const of = (statistic: (numbers: number[]) => number): number | undefined =>
    values.length === 0 ? undefined : statistic([...sample.values]);
  return {
    ...{ measure, variant, values, sample, without },
    ...{ median: of(median), interval: medianInterval(sample) },
    ...{ mean: of(mean), min: of(min), max: of(max) },
  };
}

/** None where a side has no values. */
function comparisonOf(
  all: readonly Statistics[],
  measure: string,
  baseline: string,
  variant: string,
  spread: number | undefined,
): Comparison[] {
  const base = found(all, measure, baseline);
  const other = found(all, measure, variant);
  if (base.values.length === 0 || other.values.length === 0) {
    return [];
  }
  // One kind per measure: a spread says nothing about a difference of the other kind.
  const isPositive = all
    .filter((each) => each.measure === measure)
    .every(({ sample }) => sample.values.every((value) => value > 0));
  const effect = compare(base.sample, other.sample, isPositive ? "ratio" : "difference");
  const reason = whyNot(base, other, effect, spread);
  return [{ measure, baseline, variant, effect, spread, isClaim: reason === undefined, reason }];
}

/** Why a difference is no claim; undefined where it is one. */
function whyNot(
  base: Statistics,
  other: Statistics,
  effect: Effect,
  spread: number | undefined,
): string | undefined {
  for (const { variant, without } of [base, other]) {
    if (without.length > 0) {
      return `${variant} has no value in repetition ${without.join(", ")}, so its median is too kind or too harsh`;
    }
  }
  if (effect.interval === undefined) {
    return `fewer than ${FEWEST} values have no interval`;
  }
  if (spread === undefined) {
    return "the run has no A/A pair with an interval";
  }
  return excludesNoDifference(effect) && sizeOf(effect) > spread
    ? undefined
    : "no difference that this run can show";
}
