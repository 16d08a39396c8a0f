/**
 * Measures of a cell, for experiments to choose from. One that a cell has no value of is undefined there, never
 * NaN. All but `requestRate` are of visits (GET) alone: votes have a history of their own (`votes.ts`).
 */
import type { CellData, Mark, Measure, Observed, Seconds, Visit } from "./model.ts";

/** Seconds above which an answer is slow. */
export const SLOW: Seconds = 1;

/** When visits are looked at. */
export type Window =
  /** All of the cell. */
  | "all"
  /** From each fault until endpoints on its machine were dropped: visits that were under way in that time. */
  | "outage"
  /** All others. */
  | "rest";

/** What is said of many latencies. */
export type Statistic = "mean" | "median" | "p95" | "p99";

/** Where a machine's own address is among those that visits take turns with (`LoadOptions.urls`). */
export interface Turn {
  /** Its place, from 0 on. */
  readonly place: number;
  /** How many addresses there are. */
  readonly of: number;
}

/** Visits in the order in which they began. */
function visitsOf({ visits }: CellData): Visit[] {
  return visits.filter(({ method }) => method === "GET").sort((a, b) => a.at - b.at);
}

/** Whether a visitor did not get the page. */
export function isFailed({ status, error }: Visit): boolean {
  return status !== 200 || error !== "";
}

/** Visits that were sent. */
export const sent: Measure = {
  name: "visits",
  label: "visits",
  of: (cell) => visitsOf(cell).length,
};

/** Visits that did not get the page. */
export const failed: Measure = {
  name: "failed_visits",
  label: "failed visits",
  of: (cell) => visitsOf(cell).filter(isFailed).length,
};

/**
 * Failed visits but for those that were under way to the dead machine's own address when it died: nothing can
 * answer these. Which visit went where follows from their order, as addresses take turns in it.
 *
 * @param own the dead machine's address; default: it has none, and every failed visit counts
 */
export function failedBeyond(own?: Turn): Measure {
  return {
    name: "failed_visits_beyond",
    label: "failed visits beyond those under way to the dead machine",
    of: (cell) => {
      const deaths = cell.marks.filter(({ what }) => what === "inject").map(({ at }) => at);
      const isExcused = (visit: Visit, n: number): boolean =>
        own !== undefined &&
        n % own.of === own.place &&
        deaths.some((at) => isUnderWay(visit, at, at));
      return visitsOf(cell).filter((visit, n) => isFailed(visit) && !isExcused(visit, n)).length;
    },
  };
}

/** Visits that got the page after more than a second; failed ones are counted as such. */
export const slow: Measure = {
  name: "slow_visits",
  label: `visits slower than ${SLOW} s`,
  of: (cell) => visitsOf(cell).filter((visit) => !isFailed(visit) && visit.latency > SLOW).length,
};

const IN_WORDS = { all: "", outage: " in the outage", rest: " outside the outage" } as const;

/**
 * Latency of visits, failed ones included: who got no answer has waited, too.
 *
 * @param window default: all of the cell
 * @param statistic default: the mean
 */
export function latency(window: Window = "all", statistic: Statistic = "mean"): Measure {
  return {
    name: `latency_${statistic}_${window}_ms`,
    label: `${statistic} latency${IN_WORDS[window]}, ms`,
    of: (cell) => {
      const latencies = within(cell, window).map((visit) => visit.latency * 1000);
      return statisticOf(latencies, statistic);
    },
  };
}

/** A part of a cell that has a name. */
export interface Span {
  /** In names of measures, e.g. `busy_10`. */
  readonly name: string;
  /** In labels, e.g. `at 10/s with background load`. */
  readonly label: string;
  /** Seconds since the first request; visits that began from the one on and before the other. */
  readonly from: Seconds;
  readonly to: Seconds;
}

/** Latency of the visits that began in a span, failed ones included. */
export function latencyIn({ name, label, from, to }: Span, statistic: Statistic): Measure {
  return {
    name: `latency_${statistic}_${name}_ms`,
    label: `${statistic} latency ${label}, ms`,
    of: (cell) =>
      statisticOf(
        visitsOf(cell)
          .filter(({ at }) => at >= from && at < to)
          .map((visit) => visit.latency * 1000),
        statistic,
      ),
  };
}

/** Failed visits that began in a span. */
export function failedIn({ name, label, from, to }: Span): Measure {
  return {
    name: `failed_visits_${name}`,
    label: `failed visits ${label}`,
    of: (cell) =>
      visitsOf(cell).filter((visit) => visit.at >= from && visit.at < to && isFailed(visit)).length,
  };
}

/** Latency of visits that a pod on another node answered than the one which was asked. */
export function latencyAcross(node: string, statistic: Statistic): Measure {
  return {
    name: `latency_${statistic}_across_ms`,
    label: `${statistic} latency of answers from other nodes than ${node}, ms`,
    of: (cell) =>
      statisticOf(
        visitsOf(cell)
          .filter((visit) => visit.node !== "" && visit.node !== node)
          .map((visit) => visit.latency * 1000),
        statistic,
      ),
  };
}

function statisticOf(values: readonly number[], statistic: Statistic): number | undefined {
  switch (statistic) {
    case "mean":
      return values.length === 0
        ? undefined
        : values.reduce((sum, value) => sum + value, 0) / values.length;
    case "median":
      return quantile(values, 0.5);
    case "p95":
      return quantile(values, 0.95);
    case "p99":
      return quantile(values, 0.99);
  }
}

/**
 * A quantile, between two values by their distances (type 7 of Hyndman and Fan, 1996, as in R and NumPy);
 * undefined where there are no values.
 */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)];
  const high = sorted[Math.ceil(place)];
  return low === undefined || high === undefined
    ? undefined
    : low + (high - low) * (place - Math.floor(place));
}

/** Visits of a window; none where an outage has no end that was seen. */
function within(cell: CellData, window: Window): Visit[] {
  const visits = visitsOf(cell);
  if (window === "all") {
    return visits;
  }
  const outages = outagesOf(cell.marks);
  if (outages === undefined) {
    return [];
  }
  const isOutage = (visit: Visit): boolean =>
    outages.some(({ from, to }) => isUnderWay(visit, from, to));
  return visits.filter((visit) => isOutage(visit) === (window === "outage"));
}

/** Whether a visit was under way at some moment between two. */
function isUnderWay({ at, latency: took }: Visit, from: Seconds, to: Seconds): boolean {
  return at <= to && at + took >= from;
}

/** From each fault until endpoints were dropped; undefined where that was not seen of each. */
function outagesOf(
  marks: readonly Mark[],
): readonly { readonly from: Seconds; readonly to: Seconds }[] | undefined {
  const faults = marks.filter(({ what }) => what === "inject");
  const outages = faults.flatMap(({ at: from }) => {
    const end = firstAfter(marks, "endpoints-dropped", from);
    return end === undefined ? [] : [{ from, to: end }];
  });
  return outages.length === faults.length ? outages : undefined;
}

/** The first such mark from a moment on, but before the next fault. */
function firstAfter(
  marks: readonly Mark[],
  what: Mark["what"],
  from: Seconds,
): Seconds | undefined {
  const moments = (of: Mark["what"]): Seconds[] =>
    marks.filter((mark) => mark.what === of).map(({ at }) => at);
  const next = Math.min(...moments("inject").filter((at) => at > from));
  const found = Math.min(...moments(what).filter((at) => at >= from && at < next));
  return Number.isFinite(found) ? found : undefined;
}

/**
 * Seconds until something was seen for the first time.
 *
 * @param from since when; default: the cell's first fault
 */
export function seconds(what: Observed, from: "inject" | "recover" = "inject"): Measure {
  const words = what.replaceAll("-", " ");
  const since = from === "inject" ? "" : " after recovery";
  return {
    name: `${what.replaceAll("-", "_")}${from === "inject" ? "" : "_after_recovery"}_s`,
    label: `${words}${since}, s`,
    of: ({ marks }) => {
      const begins = marks.filter((mark) => mark.what === from).map(({ at }) => at);
      const first = Math.min(...begins);
      const seen = firstAfter(marks, what, first);
      return seen === undefined ? undefined : seen - first;
    },
  };
}

/**
 * How unevenly visits are shared by pods: the largest share of the answers less the smallest, 0 to 1. Pods that
 * answered none are not known here.
 *
 * @param part of the cell: before its first fault (all of it where it has none), or since pods were even again
 */
export function evenness(part: "before" | "after" = "before"): Measure {
  return {
    name: `share_range_${part}`,
    label: `range of pods' shares ${part} the fault`,
    of: (cell) => {
      const begin = cell.marks.find(({ what }) => what === "inject")?.at ?? Infinity;
      const again = cell.marks.filter(({ what }) => what === "even-again").at(-1)?.at ?? Infinity;
      return rangeOfShares(
        visitsOf(cell).filter(({ at }) => (part === "before" ? at < begin : at >= again)),
      );
    },
  };
}

function rangeOfShares(visits: readonly Visit[]): number | undefined {
  const answered = visits.filter((visit) => !isFailed(visit) && visit.pod !== "");
  const counts = new Map<string, number>();
  for (const { pod } of answered) {
    counts.set(pod, (counts.get(pod) ?? 0) + 1);
  }
  return answered.length === 0
    ? undefined
    : (Math.max(...counts.values()) - Math.min(...counts.values())) / answered.length;
}

/** Requests per second that were sent, votes and those sent again among them. */
export const requestRate: Measure = {
  name: "requests_per_s",
  label: "requests sent per second",
  of: ({ visits }) => {
    const moments = visits.map(({ at }) => at).sort((a, b) => a - b);
    const span = (moments.at(-1) ?? 0) - (moments[0] ?? 0);
    return span === 0 ? undefined : (moments.length - 1) / span;
  },
};

/** A number that a probe or a fault has read (`CellData.readings`), under its own name. */
export function reading(name: string, label: string): Measure {
  return { name, label, of: ({ readings }) => readings?.[name] };
}

/** What a fault costs visitors. */
export const noticed: readonly Measure[] = [failed, slow, latency("all"), latency("all", "p99")];
