import { describe, expect, it } from "vitest";

import type { CellData, Visit } from "./model.ts";
import { ends, measureOf, stageMeasures, stageSpans, type Block } from "./stages.ts";

const BLOCKS: readonly Block[] = (["quiet", "busy"] as const).map((name) => ({
  ...{ name, label: `when ${name}` },
  stages: [
    { visitsPerSecond: 10, seconds: 20 },
    { visitsPerSecond: 50, seconds: 30 },
  ],
}));

function visit(at: number, latency: number, status = 200): Visit {
  const error = status === 0 ? "timeout" : "";
  return { at, latency, status, error, method: "GET", id: "", pod: "", node: "" };
}

/** Values of a cell by measure. */
function valuesOf(visits: readonly Visit[]): Readonly<Record<string, number | undefined>> {
  const cell: CellData = { variant: "a", repeat: 1, visits, marks: [], counted: [] };
  return Object.fromEntries(
    stageMeasures(BLOCKS, ["mean", "p99"]).map(({ name, of }) => [name, of(cell)]),
  );
}

describe("stages of a load", () => {
  it("count from some seconds after their begin until the next one's", () => {
    expect(stageSpans(BLOCKS).map(({ name, from, to }) => [name, from, to])).toEqual([
      ["quiet_10", 5, 20],
      ["quiet_50", 25, 50],
      ["busy_10", 55, 70],
      ["busy_50", 75, 100],
    ]);
    expect(ends(BLOCKS)).toEqual([50, 100]);
  });

  it("have statistics of their own visits alone", () => {
    const values = valuesOf([
      ...[visit(1, 9), visit(5, 0.01), visit(19.9, 0.03), visit(20, 9), visit(30, 0.2)],
      ...[visit(60, 0.4), visit(99, 30, 0)],
    ]);
    expect(values).toMatchObject({
      latency_mean_quiet_10_ms: 20,
      latency_mean_quiet_50_ms: 200,
      latency_p99_busy_10_ms: 400,
      // Who got no answer has waited, too.
      latency_mean_busy_50_ms: 30_000,
      failed_visits_quiet: 0,
      failed_visits_busy: 1,
    });
  });

  it("have no statistics where nobody asked", () => {
    expect(valuesOf([])).toMatchObject({
      latency_mean_quiet_10_ms: undefined,
      failed_visits_busy: 0,
    });
  });

  it("have measures with names and labels of their own", () => {
    const measures = stageMeasures(BLOCKS, ["mean", "median", "p95", "p99"]);
    expect(new Set(measures.map(({ name }) => name)).size).toBe(measures.length);
    expect(new Set(measures.map(({ label }) => label)).size).toBe(measures.length);
    const names = measures.map(({ name }) => name);
    expect(stageSpans(BLOCKS).map((span) => measureOf(span, "p95"))).toEqual(
      names.filter((name) => name.includes("p95")),
    );
  });
});
