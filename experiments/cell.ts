/** One cell: a load on a stack at rest, faults at their moments, and what became of both. */
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

import { kindOf } from "./faults/index.ts";
import type { InForce } from "./in-force.ts";
import { startLoad, type GeneratorReport } from "./load.ts";
import type { Experiment, Fault, Mark, Note, Readings, Seconds } from "./model.ts";
import { Observer, Watches } from "./observe.ts";
import type { Site } from "./site.ts";

/** What a cell leaves besides the rows of its requests. */
export interface CellRun {
  /** The first request's moment, microseconds of Unix time. */
  readonly zeroUnixMicroseconds: number;
  readonly marks: readonly Mark[];
  /** What faults told of themselves. */
  readonly notes: readonly Note[];
  readonly generator: GeneratorReport;
  /** What probes and faults have read. */
  readonly readings: Readings;
}

export interface CellOptions {
  /** Where faults are noted while they are in force. */
  readonly inForce: InForce;
  /** Ends the cell before its time, its faults undone; default: nothing does. */
  readonly signal?: AbortSignal | undefined;
  /** Sends the load; default: the generator of `load/`. */
  readonly sendLoad?: typeof startLoad;
  /** Addresses that visitors ask in turn; default: the site's. */
  readonly urls?: readonly string[];
}

/**
 * Runs the load with the faults of the timeline, which are all undone at the end, whatever happens. Probes read from
 * before the timeline until after the tail, faults are asked what they counted right before they are undone.
 *
 * @param visits file that gets a row for each request
 * @param say told what goes on
 */
export async function runCell(
  site: Site,
  { load, timeline, tail, probes = [] }: Experiment,
  visits: string,
  say: (text: string) => void,
  { inForce, signal, sendLoad = startLoad, urls = site.urls }: CellOptions,
): Promise<CellRun> {
  const observer = new Observer();
  const notes: Note[] = [];
  await using generator = await sendLoad({
    prefix: site.visitor,
    urls,
    load,
    visits,
  });
  const now = (): Seconds => generator.now();
  const until = (at: Seconds): Promise<void> =>
    pause(Math.max(0, (at - now()) * 1000), undefined, signal === undefined ? {} : { signal });
  await using watches = new Watches(site, observer, now);
  await watches.begun;
  const ends: (() => Promise<Readings>)[] = [];
  let on: readonly Fault[] = [];
  let readings: Readings = {};
  const read = async (from: Promise<Readings> | undefined): Promise<void> => {
    readings = { ...readings, ...(await from) };
  };
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
      const others = on.filter((each) => !isDeepStrictEqual(each, fault));
      if (isFault) {
        inForce.add(fault);
        on = [...others, fault];
        // The moment it begins: what it takes to bring it about is a part of the outage.
        observer.inject(now(), kind.subject(fault));
        await kind.inject(site, fault, (text) => {
          notes.push({ at: now(), text });
        });
      } else {
        await read(kind.report?.(site, fault));
        await kind.recover(site, fault);
        observer.recover(now(), kind.subject(fault));
        inForce.recovered(fault);
        on = others;
      }
    }
    const last = timeline.at(-1)?.at ?? 0;
    // What was done took its time: the tail begins when the last of it was.
    const over = Math.max(last, now()) + tail;
    say(`until ${over.toFixed(0)} s, the load's end`);
    await until(over);
    for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
      await read(end());
    }
    const report = await generator.stop();
    // Those that the timeline does not undo, and the last first, as they are undone below.
    for (const fault of [...on].reverse()) {
      await read(kindOf(fault).report?.(site, fault));
    }
    return {
      zeroUnixMicroseconds: generator.zeroUnixMicroseconds,
      generator: report,
      ...{ marks: observer.marks, notes, readings },
    };
  } finally {
    // Of a cell that failed, whose numbers nobody wants: they end all the same.
    await Promise.allSettled(ends.map((end) => end()));
    await inForce.undo(site, say);
  }
}
