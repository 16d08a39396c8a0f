import { describe, expect, it } from "vitest";

import {
  evenness,
  failed,
  failedBeyond,
  failedIn,
  latency,
  latencyAcross,
  latencyIn,
  quantile,
  requestRate,
  seconds,
  slow,
  type Statistic,
  type Window,
} from "./measures.ts";
import { OBSERVED, type CellData, type Mark, type Measure, type Visit } from "./model.ts";

function visit(at: number, others: Partial<Visit> = {}): Visit {
  return {
    ...{ at, latency: 0.01, status: 200, error: "", method: "GET", id: "" },
    ...{ pod: "a", node: "raspberrypi", ...others },
  };
}

const TIMEOUT = { status: 0, error: "timeout", latency: 30, pod: "", node: "" };

function mark(at: number, what: Mark["what"]): Mark {
  return { at, what, subject: "raspberrypi" };
}

function cell(visits: readonly Visit[], marks: readonly Mark[] = []): CellData {
  return { variant: "fast", repeat: 1, visits, marks, counted: [] };
}

const SPAN = { name: "busy_10", label: "at 10/s when busy", from: 0.5, to: 2 };
const WINDOWS: readonly Window[] = ["all", "outage", "rest"];
const STATISTICS: readonly Statistic[] = ["mean", "median", "p95", "p99"];
const EVERY: readonly Measure[] = [
  ...[failed, failedBeyond(), failedBeyond({ place: 0, of: 2 }), slow, requestRate],
  ...[evenness(), evenness("after")],
  ...[failedIn(SPAN), latencyIn(SPAN, "p95"), latencyAcross("raspberrypi", "median")],
  ...OBSERVED.flatMap((what) => [seconds(what), seconds(what, "recover")]),
  ...WINDOWS.flatMap((window) => STATISTICS.map((statistic) => latency(window, statistic))),
];

describe("every measure", () => {
  it("has a name of its own, for a column", () => {
    const names = EVERY.map(({ name }) => name).filter((name) => name !== failedBeyond().name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z0-9_]+$/.test(name))).toEqual([]);
  });

  it.each([
    ["nothing happened", cell([])],
    ["one visit was made", cell([visit(0)])],
    ["nobody was answered", cell([visit(0, TIMEOUT), visit(1, TIMEOUT)], [mark(0.5, "inject")])],
    ["the end of the outage was not seen", cell([visit(0)], [mark(1, "inject")])],
    ["marks have no fault before them", cell([visit(0)], [mark(1, "endpoints-dropped")])],
    ["two requests were sent at one moment", cell([visit(1), visit(1)])],
  ])("is a number or undefined where %s", (_, data) => {
    const values = EVERY.map(({ of }) => of(data)).filter((value) => value !== undefined);
    expect(values.filter((value) => !Number.isFinite(value))).toEqual([]);
  });
});

describe("visits", () => {
  it("have failed without an answer, and with another one than the page; votes are no visits", () => {
    const visits = [
      ...[visit(0), visit(1, TIMEOUT), visit(2, { status: 504 }), visit(3, { status: 303 })],
      visit(4, { method: "POST", status: 503, id: "00000000-0000-4000-8000-000000000001" }),
    ];
    expect(failed.of(cell(visits))).toBe(3);
  });

  it("that were under way to the dead machine are excused, in the order of their turns", () => {
    const marks = [mark(10, "inject")];
    const visits = [
      // In the order in which they were over.
      visit(10.01, { ...TIMEOUT, latency: 1 }),
      visit(9.99, { ...TIMEOUT, latency: 2 }),
      visit(9.98, { ...TIMEOUT, latency: 3 }),
      visit(9.97, { ...TIMEOUT, latency: 0.01 }),
    ];
    // By their beginnings: before the fault, under way, under way, after it.
    expect(failedBeyond().of(cell(visits, marks))).toBe(4);
    expect(failedBeyond({ place: 1, of: 2 }).of(cell(visits, marks))).toBe(3);
    expect(failedBeyond({ place: 0, of: 2 }).of(cell(visits, marks))).toBe(3);
    expect(failedBeyond({ place: 0, of: 1 }).of(cell(visits, marks))).toBe(2);
    expect(failedBeyond({ place: 0, of: 1 }).of(cell(visits))).toBe(4);
  });

  it("are slow above a second when they were answered", () => {
    const visits = [visit(0, { latency: 1 }), visit(1, { latency: 1.01 }), visit(2, TIMEOUT)];
    expect(slow.of(cell(visits))).toBe(1);
  });
});

describe("latency", () => {
  const marks = [mark(10, "inject"), mark(15, "endpoints-dropped"), mark(20, "node-ready")];
  const visits = [
    visit(1, { latency: 0.004 }),
    // Begun before the fault, and caught by it.
    visit(9, { latency: 3 }),
    visit(12, { latency: 1 }),
    visit(15, { latency: 0.5 }),
    visit(15.1, { latency: 0.006 }),
    visit(12, { latency: 7, method: "POST" }),
  ];

  it("of the outage is that of visits that were under way in it", () => {
    expect(latency("outage").of(cell(visits, marks))).toBeCloseTo(1500);
    expect(latency("outage", "median").of(cell(visits, marks))).toBeCloseTo(1000);
  });

  it("of the rest is that of all others, which is all without a fault", () => {
    expect(latency("rest").of(cell(visits, marks))).toBeCloseTo(5);
    expect(latency("rest").of(cell(visits))).toBeCloseTo(902);
    expect(latency("outage").of(cell(visits))).toBeUndefined();
  });

  it("of all is by mean unless another statistic is asked for", () => {
    expect(latency().of(cell(visits, marks))).toBeCloseTo(902);
    expect(latency("all", "p95").of(cell(visits, marks))).toBeCloseTo(2600);
    expect(latency("all", "p99").name).toBe("latency_p99_all_ms");
  });

  it("of failed visits counts: they have waited", () => {
    expect(latency().of(cell([visit(0, TIMEOUT), visit(1)]))).toBeCloseTo(15_005);
  });

  it("of two outages is that of both", () => {
    const second = [...marks, mark(30, "inject"), mark(31, "endpoints-dropped")];
    const late = visit(30.5, { latency: 0.1 });
    expect(latency("outage", "p95").of(cell([late], second))).toBeCloseTo(100);
    expect(latency("outage").of(cell([late], [...marks, mark(30, "inject")]))).toBeUndefined();
  });
});

describe("quantiles", () => {
  it("lie between values", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeUndefined();
  });
});

describe("seconds", () => {
  const marks = [
    ...[mark(10, "inject"), mark(16.5, "endpoints-dropped"), mark(60, "recover")],
    ...[mark(75, "node-ready"), mark(100, "inject"), mark(103, "endpoints-dropped")],
  ];

  it("are counted from the first fault to what was seen of it", () => {
    expect(seconds("endpoints-dropped").of(cell([], marks))).toBe(6.5);
    expect(seconds("endpoints-dropped").name).toBe("endpoints_dropped_s");
    expect(seconds("replacement-ready").of(cell([], marks))).toBeUndefined();
  });

  it("are counted from recovery where that is asked for", () => {
    expect(seconds("node-ready", "recover").of(cell([], marks))).toBe(15);
    expect(seconds("node-ready", "recover").name).toBe("node_ready_after_recovery_s");
  });

  it("are none where only a later fault had it", () => {
    const later = marks.filter(({ at }) => at !== 16.5);
    expect(seconds("endpoints-dropped").of(cell([], later))).toBeUndefined();
  });
});

describe("evenness", () => {
  it("is the largest share less the smallest, before a fault and after it", () => {
    const visits = [
      ...[visit(0), visit(1, { pod: "b" }), visit(2), visit(3, { pod: "b", status: 504 })],
      ...[visit(10), visit(20, { pod: "c" }), visit(21, { pod: "b" })],
    ];
    const marks = [mark(5, "inject"), mark(15, "even-again")];
    expect(evenness().of(cell(visits, marks))).toBeCloseTo(1 / 3);
    expect(evenness("after").of(cell(visits, marks))).toBe(0);
    expect(evenness().of(cell(visits))).toBeCloseTo(2 / 6);
    expect(evenness("after").of(cell(visits))).toBeUndefined();
  });
});

describe("the rate of requests", () => {
  it("counts all that were sent, in the time from the first to the last", () => {
    const visits = [visit(2), visit(0), visit(1, { method: "POST" }), visit(1.5, TIMEOUT)];
    expect(requestRate.of(cell(visits))).toBe(1.5);
    expect(requestRate.of(cell([visit(3)]))).toBeUndefined();
  });
});
