import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { describe as described, DESCRIPTION, keepDescription } from "./describe.ts";
import type { Experiment } from "./model.ts";
import { FAILOVER } from "./testing/made-up.ts";

describe("what is kept of an experiment", () => {
  it("is what its report needs, without its functions", () => {
    const { name, measures, invariants, plots } = described(FAILOVER);
    expect(name).toBe("made-up-failover");
    expect(measures[0]).toEqual({ name: "endpoints_dropped_s", label: "endpoints dropped, s" });
    expect(invariants).toEqual(["no acknowledged vote is lost"]);
    expect(plots.map(({ kind }) => kind)).toEqual(["dots", "timeline", "ratios"]);
  });

  it("has no plots where the experiment names none", () => {
    const bare = Object.entries(FAILOVER).filter(([key]) => !["plots", "published"].includes(key));
    expect(described(Object.fromEntries(bare) as unknown as Experiment)).toMatchObject({
      plots: [],
      published: [],
    });
  });

  it("has no names that are paths", () => {
    expect(() => described({ ...FAILOVER, name: "../up" })).toThrow("is letters, digits");
  });
});

describe("experiment.json", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fogline-"));
    return () => {
      rmSync(folder, { recursive: true });
    };
  });
  const kept = (): unknown =>
    DESCRIPTION.parse(JSON.parse(readFileSync(join(folder, "experiment.json"), "utf8")));

  it("is written when a run begins, and again when words, plots or variants were added", () => {
    keepDescription(folder, FAILOVER);
    expect(kept()).toEqual(described(FAILOVER));
    const more = {
      ...FAILOVER,
      question: "Another?",
      repeats: 9,
      plots: [],
      variants: [...FAILOVER.variants, { name: "new", label: "new", settings: {} }],
    };
    keepDescription(folder, more);
    expect(kept()).toEqual(described(more));
  });

  it("is not overwritten when its cells were made under other conditions", () => {
    keepDescription(folder, FAILOVER);
    const [first, ...others] = FAILOVER.variants;
    const changed = {
      ...FAILOVER,
      load: { ...FAILOVER.load, visitsPerSecond: 40 },
      variants: [
        { ...first, name: "stock", label: "stock", settings: { k3s: { a: 1 } } },
        ...others,
      ],
    };
    expect(() => {
      keepDescription(folder, changed);
    }).toThrow(/experiment\.json: load, variant stock changed since the run began.*\. fix: remove/);
    expect(kept()).toEqual(described(FAILOVER));
  });

  it("is not overwritten when what happens in a variant's cells is another thing", () => {
    const [first, ...others] = FAILOVER.variants;
    const happening = (at: number): Experiment => {
      const timeline = [{ at, inject: { kind: "pod-kill", app: "website" } }] as const;
      return {
        ...FAILOVER,
        variants: [
          { ...first, name: "stock", label: "stock K3s", settings: {}, timeline },
          ...others,
        ],
      };
    };
    keepDescription(folder, happening(1));
    expect(kept()).toEqual(described(happening(1)));
    expect(() => {
      keepDescription(folder, happening(2));
    }).toThrow("variant stock changed since the run began");
  });
});
