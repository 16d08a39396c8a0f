/** What every experiment of the catalogue must be for a run and its report. */
import { describe, expect, it } from "vitest";

import { describe as description } from "../describe.ts";
import { kindOf } from "../faults/index.ts";
import { AA } from "../model.ts";
import { EXPERIMENTS } from "./index.ts";

it("no two experiments have one name", () => {
  expect(new Set(EXPERIMENTS.map(({ name }) => name)).size).toBe(EXPERIMENTS.length);
});

describe.each(EXPERIMENTS.map((each) => [each.name, each] as const))("%s", (_, experiment) => {
  const variants = experiment.variants.map(({ name }) => name);
  const measures = experiment.measures.map(({ name }) => name);
  const timelines = [
    experiment.timeline,
    ...experiment.variants.flatMap(({ timeline }) => (timeline === undefined ? [] : [timeline])),
  ];

  it("can be written down, and read again", () => {
    expect(description(experiment).name).toBe(experiment.name);
  });

  it("has one of each name, and compares with what is there", () => {
    expect(new Set(variants).size).toBe(variants.length);
    expect(new Set(measures).size).toBe(measures.length);
    for (const { against } of experiment.variants) {
      expect([...variants, undefined]).toContain(against);
    }
  });

  it("has a second copy that differs from the first in nothing", () => {
    const [first] = experiment.variants;
    const copy = experiment.variants.find(({ name }) => name === AA);
    expect([copy?.settings, copy?.target]).toEqual(
      copy === undefined ? [undefined, undefined] : [first?.settings, first?.target],
    );
  });

  it("draws measures and variants that are there", () => {
    for (const plot of experiment.plots ?? []) {
      const drawn = plot.kind === "dots" || plot.kind === "ratios" ? plot.measures : [plot.measure];
      const points = plot.kind === "lines" ? plot.points : [];
      const own = points.flatMap(({ measure }) => (measure === undefined ? [] : [measure]));
      expect(measures).toEqual(expect.arrayContaining([...drawn, ...own]));
      const named = plot.kind === "timeline" ? (plot.variants ?? []) : [];
      expect(variants).toEqual(
        expect.arrayContaining([...named, ...points.map(({ variant }) => variant)]),
      );
    }
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
      // A stall ends in its time.
      expect([...on].filter((fault) => !fault.includes('"kind":"stall"'))).toEqual([]);
    }
  });

  it("has stages that last until its load ends, or no rate beside them", () => {
    const { stages, visitsPerSecond } = experiment.load;
    const length = (stages ?? []).reduce((sum, { seconds }) => sum + seconds, 0);
    const end = (experiment.timeline.at(-1)?.at ?? 0) + experiment.tail;
    expect(length).toBeLessThanOrEqual(end);
    expect(visitsPerSecond > 0).toBe(stages === undefined);
  });
});
