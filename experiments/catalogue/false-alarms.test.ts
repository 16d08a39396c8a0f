import { describe, expect, it } from "vitest";

import { describe as described } from "../describe.ts";
import type { CellData } from "../model.ts";
import { FALSE_ALARMS } from "./false-alarms.ts";

const cell = (readings?: CellData["readings"]): CellData => ({
  ...{ variant: "fast", repeat: 1, visits: [], marks: [], counted: [] },
  ...(readings === undefined ? {} : { readings }),
});

describe("the false-alarm run", () => {
  const { timeline, invariants, lasting, tail } = FALSE_ALARMS;

  it("has bad lines for an hour, and a stall of 3 s every minute, of one machine after the other", () => {
    const moments = timeline.flatMap((moment) => ("inject" in moment ? [moment] : []));
    const stalls = moments.filter(({ inject }) => inject.kind === "stall");
    expect(stalls).toHaveLength(60);
    expect(stalls.map(({ at }) => at)).toEqual(Array.from({ length: 60 }, (_, n) => 60 * (n + 1)));
    expect(stalls.slice(0, 3).map(({ inject }) => "machine" in inject && inject.machine)).toEqual([
      ...["WorkerNode", "raspberrypi", "WorkerNode"],
    ]);
    const undone = timeline.filter((moment) => "recover" in moment);
    expect(undone.map(({ at }) => at)).toEqual([3660, 3660, 3660, 3660]);
    expect(timeline.map(({ at }) => at)).toEqual(
      timeline.map(({ at }) => at).sort((a, b) => a - b),
    );
    expect(tail).toBeGreaterThan(0);
  });

  it("can be described, with measures of different names", () => {
    const names = described(FALSE_ALARMS).measures.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("raspberrypi_k3s_cpu_cores");
    expect(names).toContain("delay_workernode_given_mean_ms");
  });

  it("is broken by an eviction, and by evictions that nobody counted", () => {
    const broken = (data: CellData): readonly string[] =>
      invariants.filter(({ name }) => name === "evictions").flatMap(({ broken: of }) => of(data));
    expect(broken(cell({ evictions: 0 }))).toEqual([]);
    expect(broken(cell({ evictions: 2 }))).toEqual(["2 pods were evicted"]);
    expect(broken(cell())).toEqual(["they were not counted"]);
  });

  it("can be shorter, under another name", () => {
    const short = lasting?.(2);
    expect(short?.name).toBe("false-alarms-2min");
    expect(short?.timeline.filter((moment) => "inject" in moment)).toHaveLength(6);
  });

  it.each([0, 1.5, NaN, 119])("cannot last %d minutes", (minutes) => {
    expect(() => lasting?.(minutes)).toThrow("must be a whole number from 1 to 118");
  });
});
