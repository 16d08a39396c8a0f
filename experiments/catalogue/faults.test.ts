import { expect, it } from "vitest";

import { FAULT_KINDS } from "../faults/index.ts";
import type { CellData } from "../model.ts";
import { FAULTS } from "./faults.ts";

it("every kind of fault is tried, but for what others have beside theirs, and for maintenance", () => {
  const tried = FAULTS.variants.flatMap(({ timeline = [] }) =>
    timeline.flatMap((moment) => ("inject" in moment ? [moment.inject.kind] : [])),
  );
  const others = FAULT_KINDS.filter((kind) => !tried.some((each) => each === kind));
  expect(others).toEqual(["drain", "direct-port", "streams"]);
});

it("more than 10,000 votes are cast under faults", () => {
  const seconds = FAULTS.variants.map(({ timeline = [] }) => timeline.at(-1)?.at ?? 0);
  const all = seconds.reduce((sum, each) => sum + each + FAULTS.tail, 0);
  expect(all * FAULTS.load.votesPerSecond).toBeGreaterThan(10_000);
});

it("packets that a fault dropped are those of both directions", () => {
  const of = (readings?: CellData["readings"]): number | undefined =>
    FAULTS.measures
      .find(({ name }) => name === "dropped_packets")
      ?.of({
        ...{ variant: "loss-1", repeat: 1, visits: [], marks: [], counted: [] },
        ...(readings === undefined ? {} : { readings }),
      });
  expect(of({ loss_pi_in_seen: 90, loss_pi_in_dropped: 2, loss_pi_out_dropped: 3 })).toBe(5);
  expect(of({ loss_pi_in_dropped: 0 })).toBe(0);
  expect(of()).toBeUndefined();
});
