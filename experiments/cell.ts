/** One cell: a load on a stack at rest, faults at their moments, and what became of both. */
import { setTimeout as pause } from "node:timers/promises";

import { kindOf } from "./faults/index.ts";
import type { InForce } from "./in-force.ts";
import { startLoad, type GeneratorReport } from "./load.ts";
import type { Experiment, Mark, Note, Seconds } from "./model.ts";
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
}

export interface CellOptions {
  /** Where faults are noted while they are in force. */
  readonly inForce: InForce;
  /** Ends the cell before its time, its faults undone; default: nothing does. */
  readonly signal?: AbortSignal | undefined;
  /** Sends the load; default: the generator of `load/`. */
  readonly sendLoad?: typeof startLoad;
}

/**
 * Runs the load with the faults of the timeline, which are all undone at the end, whatever happens.
 *
 * @param visits file that gets a row for each request
 * @param say told what goes on
 */
export async function runCell(
  site: Site,
  { load, timeline, tail }: Experiment,
  visits: string,
  say: (text: string) => void,
  { inForce, signal, sendLoad = startLoad }: CellOptions,
): Promise<CellRun> {
  const observer = new Observer();
  const notes: Note[] = [];
  await using generator = await sendLoad({
    prefix: site.visitor,
    urls: site.urls,
    load,
    visits,
  });
  const now = (): Seconds => generator.now();
  const until = (at: Seconds): Promise<void> =>
    pause(Math.max(0, (at - now()) * 1000), undefined, signal === undefined ? {} : { signal });
  await using watches = new Watches(site, observer, now);
  await watches.begun;
  try {
    for (const moment of timeline) {
      const isFault = "inject" in moment;
      const fault = isFault ? moment.inject : moment.recover;
      const kind = kindOf(fault);
      say(`until ${moment.at} s, then ${isFault ? kind.describe(fault) : "undoes it"}`);
      await until(moment.at);
      if (isFault) {
        inForce.add(fault);
        // The moment it begins: what it takes to bring it about is a part of the outage.
        observer.inject(now(), kind.subject(fault));
        await kind.inject(site, fault, (text) => {
          notes.push({ at: now(), text });
        });
      } else {
        await kind.recover(site, fault);
        observer.recover(now(), kind.subject(fault));
        inForce.recovered(fault);
      }
    }
    const last = timeline.at(-1)?.at ?? 0;
    say(`until ${last + tail} s, the load's end`);
    await until(last + tail);
    return {
      zeroUnixMicroseconds: generator.zeroUnixMicroseconds,
      generator: await generator.stop(),
      marks: observer.marks,
      notes,
    };
  } finally {
    await inForce.undo(site, say);
  }
}
