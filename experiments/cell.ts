/** One cell: a load on a stack at rest, faults at their moments, and what became of both. */
import { setTimeout as pause } from "node:timers/promises";

import { kindOf } from "./faults/index.ts";
import { startLoad, type GeneratorReport } from "./load.ts";
import type { Experiment, Fault, Mark, Moment, Readings, Seconds } from "./model.ts";
import { Observer, Watches } from "./observe.ts";
import type { Site } from "./site.ts";

/** What a cell leaves besides the rows of its requests. */
export interface CellRun {
  /** The first request's moment, microseconds of Unix time. */
  readonly zeroUnixMicroseconds: number;
  readonly marks: readonly Mark[];
  readonly generator: GeneratorReport;
  /** What probes and faults have read. */
  readonly readings: Readings;
}

/**
 * Runs the load with the faults of the timeline, which are all undone at the end, whatever happens.
 *
 * @param visits file that gets a row for each request
 * @param say told what goes on
 */
export async function runCell(
  site: Site,
  { load, timeline, tail, probes = [] }: Experiment,
  visits: string,
  say: (text: string) => void,
): Promise<CellRun> {
  const observer = new Observer();
  await using generator = await startLoad({
    prefix: site.visitor,
    urls: site.urls,
    load,
    visits,
  });
  const now = (): Seconds => generator.now();
  const until = (at: Seconds): Promise<void> => pause(Math.max(0, (at - now()) * 1000));
  await using watches = new Watches(site, observer, now);
  await watches.begun;
  const ends: (() => Promise<Readings>)[] = [];
  let readings: Readings = {};
  try {
    for (const { begin } of probes) {
      ends.push(await begin(site, now));
    }
    for (const moment of timeline) {
      const isFault = "inject" in moment;
      const fault = isFault ? moment.inject : moment.recover;
      const kind = kindOf(fault);
      say(`until ${moment.at} s, then ${isFault ? kind.describe(fault) : "undoes it"}`);
      await until(moment.at);
      if (isFault) {
        // The moment it begins: what it takes to bring it about is a part of the outage.
        observer.inject(now(), kind.subject(fault));
        await kind.inject(site, fault);
      } else {
        readings = { ...readings, ...(await kind.report?.(site, fault)) };
        await kind.recover(site, fault);
        observer.recover(now(), kind.subject(fault));
      }
    }
    const last = timeline.at(-1)?.at ?? 0;
    say(`until ${last + tail} s, the load's end`);
    await until(last + tail);
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
      readings = { ...readings, ...(await end()) };
    }
    return {
      zeroUnixMicroseconds: generator.zeroUnixMicroseconds,
      generator: await generator.stop(),
      marks: observer.marks,
      readings,
    };
  } finally {
    // Of a cell that failed, whose numbers nobody wants: they end all the same.
    await Promise.allSettled(ends.map((end) => end()));
    await undo(site, faultsOf(timeline));
  }
}

/** Faults of a timeline, each once. */
function faultsOf(timeline: readonly Moment[]): readonly Fault[] {
  const faults = timeline.flatMap((moment) => ("inject" in moment ? [moment.inject] : []));
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

/**
 * Before an experiment's first cell: undoes what a run that was killed may have left in force, where that costs nothing
 * if it has not, and does what takes long.
 */
export async function makeReady(site: Site, timeline: readonly Moment[]): Promise<void> {
  const faults = faultsOf(timeline);
  await undo(
    site,
    faults.filter((fault) => kindOf(fault).isClearedFirst === true),
  );
  for (const fault of faults) {
    await kindOf(fault).prepare?.(site, fault);
  }
}

/** @throws AggregateError where some could not be undone; all were tried */
async function undo(site: Site, faults: readonly Fault[]): Promise<void> {
  const failures: unknown[] = [];
  for (const fault of faults) {
    try {
      await kindOf(fault).recover(site, fault);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) {
    const each = failures.map((error) => (error instanceof Error ? error.message : String(error)));
    throw new AggregateError(failures, `faults that could not be undone: ${each.join("; ")}`);
  }
}
