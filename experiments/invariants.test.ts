import { describe, expect, it } from "vitest";

import { answersAtEnd, atRest, failsInWords, noneFails } from "./invariants.ts";
import type { CellData, Visit } from "./model.ts";

const visit = (at: number, status = 200): Visit => ({
  ...{ at, latency: 0.01, status, error: status === 0 ? "timeout" : "" },
  ...{ method: "GET", id: "", pod: "", node: "" },
});
const cell = (data: Partial<CellData>): CellData => ({
  ...{ variant: "a", repeat: 1, visits: [], marks: [], counted: [] },
  ...data,
});

describe("the end of a cell", () => {
  it("has a site that answers", () => {
    expect(answersAtEnd.broken(cell({ visits: [visit(1, 504), visit(50), visit(54)] }))).toEqual(
      [],
    );
    expect(
      answersAtEnd.broken(cell({ visits: [visit(50), visit(51, 0), visit(54, 503)] })),
    ).toEqual(["2 of 3 visits of the last 5 s had no answer"]);
    expect(answersAtEnd.broken(cell({}))).toEqual(["there were no visits"]);
  });

  it("has a stack at rest", () => {
    expect(atRest.broken(cell({}))).toEqual([]);
    expect(atRest.broken(cell({ unrest: "a node is not Ready" }))).toEqual(["a node is not Ready"]);
  });
});

it("no visit fails where each has the page", () => {
  expect(noneFails.broken(cell({ visits: [visit(1), visit(2)] }))).toEqual([]);
  const visits = [visit(1), visit(2, 503), { ...visit(3, 0), method: "POST" as const }];
  expect(noneFails.broken(cell({ visits }))).toEqual(["1 of 2 visits failed"]);
});

it("an error is words, not a trace", () => {
  const note = (text: string) => cell({ notes: [{ at: 1, text }] });
  expect(failsInWords.broken(note("up failed: no API at 10.101.0.1. fix: make up"))).toEqual([]);
  const trace = "up failed: TypeError: x\n    at up (lab/commands/up.ts:12:3)";
  expect(failsInWords.broken(note(trace))).toEqual([trace]);
});
