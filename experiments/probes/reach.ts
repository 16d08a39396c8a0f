/** Alarms of `fogline-k3s-reach`: a node takes another one for silent, and refuses connections to its pods. */
import { column } from "../faults/network/script.ts";
import type { Probe, Seconds } from "../model.ts";

/** Lines of the journal of a machine since a moment, with their times; none where it has no such unit. */
const silences = (since: string): string =>
  `journalctl --unit=fogline-k3s-reach --since=@${since} --output=short-unix --no-pager | grep 'is silent' || true`;

/**
 * Reads for each machine how often it took another node for silent: `<machine>_silences` of all, `<machine>_alarms` of
 * those that nothing explains; `reach_alarms` is the sum of these.
 *
 * @param machines agents
 * @param isExplained whether a node is silent at a moment of the cell, or was a moment before
 */
export function reach(machines: readonly string[], isExplained: (at: Seconds) => boolean): Probe {
  return {
    begin: async (site, now) => {
      const begins = await Promise.all(
        machines.map(async (machine) => {
          const clock = (await site.onMachine(machine, "date +%s.%N")).trim();
          return { machine, clock, at: now() };
        }),
      );
      return async () => {
        const each = await Promise.all(
          begins.map(async ({ machine, clock, at }) => {
            const lines = await site.onMachine(machine, silences(clock));
            const moments = momentsOf(lines).map((moment) => moment - Number(clock) + at);
            const alarms = moments.filter((moment) => !isExplained(moment));
            return { machine, silences: moments.length, alarms: alarms.length };
          }),
        );
        return {
          ...Object.fromEntries(
            each.flatMap(({ machine, silences: all, alarms }) => [
              [column(machine, "silences"), all],
              [column(machine, "alarms"), alarms],
            ]),
          ),
          reach_alarms: each.reduce((sum, { alarms }) => sum + alarms, 0),
        };
      };
    },
  };
}

/** Times of the journal's lines, seconds of Unix time. */
function momentsOf(text: string): readonly number[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => Number(line.trim().split(/\s+/, 1)[0]));
}
