import { describe, expect, it } from "vitest";

import { describe as described } from "../describe.ts";
import { kindOf } from "../faults/index.ts";
import { EXPERIMENTS } from "./index.ts";

describe.each(EXPERIMENTS.map((each) => [each.name, each] as const))("%s", (_, experiment) => {
  const timelines = [
    experiment.timeline,
    ...experiment.variants.flatMap(({ timeline }) => (timeline === undefined ? [] : [timeline])),
  ];

  it("can be described, with names that are folders", () => {
    expect(described(experiment).variants).toHaveLength(experiment.variants.length);
    const names = experiment.variants.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it("goes forward in time, and undoes each fault that it brings about, and no other", () => {
    for (const timeline of timelines) {
      const moments = timeline.map(({ at }) => at);
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
      const on = new Set<string>();
      for (const moment of timeline) {
        if ("inject" in moment) {
          on.add(JSON.stringify(moment.inject));
          expect(kindOf(moment.inject).describe(moment.inject)).not.toBe("");
        } else {
          expect(on.delete(JSON.stringify(moment.recover))).toBe(true);
        }
      }
      expect([...on]).toEqual([]);
    }
  });
});
