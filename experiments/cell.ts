/** One cell: a load on a stack at rest, faults at their moments, and what became of both. */
import { setTimeout as pause } from "node:timers/promises";

import { kindOf } from "./faults/index.ts";
import { startLoad, type GeneratorReport } from "./load.ts";
import type { Experiment, Mark, Seconds } from "./model.ts";
import { Observer, Watches } from "./observe.ts";
import type { Site } from "./site.ts";

/** What a cell leaves besides the rows of its requests. */
export interface CellRun {
  /** The first request's moment, microseconds of Unix time. */
  readonly zeroUnixMicroseconds: number;
  readonly marks: readonly Mark[];
  readonly generator: GeneratorReport;
}

/**
 * Runs the load with the faults of the timeline, which are all undone at the end, whatever happens.
 *
 * @param visits file that gets a row for each request
 * @param say told what goes on
 * @param urls addresses that visitors ask in turn; default: the site's
 */
export async function runCell(
  site: Site,
  { load, timeline, tail }: Experiment,
  visits: string,
  say: (text: string) => void,
  urls: readonly string[] = site.urls,
): Promise<CellRun> {
  const observer = new Observer();
  await using generator = await startLoad({
    prefix: site.visitor,
    urls,
    load,
    visits,
  });
  const now = (): Seconds => generator.now();
  const until = (at: Seconds): Promise<void> => pause(Math.max(0, (at - now()) * 1000));
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
        // The moment it begins: what it takes to bring it about is a part of the outage.
        observer.inject(now(), kind.subject(fault));
        await kind.inject(site, fault);
      } else {
        await kind.recover(site, fault);
        observer.recover(now(), kind.subject(fault));
      }
    }
    const last = timeline.at(-1)?.at ?? 0;
    say(`until ${last + tail} s, the load's end`);
    await until(last + tail);
    return {
      zeroUnixMicroseconds: generator.zeroUnixMicroseconds,
      generator: await generator.stop(),
      marks: observer.marks,
    };
  } finally {
    for (const moment of timeline) {
      if ("inject" in moment) {
        await kindOf(moment.inject).recover(site, moment.inject);
      }
    }
  }
}
