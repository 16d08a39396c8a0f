import { describe, expect, it } from "vitest";

import type { Outcome } from "./report.ts";
import { resultFile } from "./result.ts";
import type { StepResult } from "./run-plan.ts";
import type { Lab, Step } from "./step.ts";
import { exitCodeOf, summary } from "./summary.ts";

const LAB: Lab = { stack: "dev", overlay: "wireguard" };

function result(
  name: string,
  outcome: Partial<Outcome>,
  more: Partial<StepResult> = {},
): StepResult {
  const step: Step = { name, command: [], needs: "nothing", counted: { by: "report" } };
  const whole = { passed: 0, failed: 0, tests: [], files: [], ...outcome };
  return { step, state: "passed", seconds: 61, outcome: whole, log: `${name}.log`, ...more };
}

const RED = result(
  "slow",
  {
    ...{ passed: 2, failed: 1 },
    tests: [{ file: "a.test.ts", name: "works", state: "failed", seconds: 1, messages: ["no"] }],
  },
  { state: "failed" },
);

describe("the end of a run", () => {
  it("is the sum of all steps, alone on its line", () => {
    const text = summary([result("check", { passed: 40 }), RED], 125);
    expect(text.split("\n").slice(-2)).toEqual(["42 passed, 1 failed", ""]);
  });

  it("names what failed and why, then the steps with their durations", () => {
    const { step } = result("lab", {});
    const skipped = { step, state: "not run", reason: "up failed" } as const;
    expect(summary([RED, result("lab", {}, skipped)], 125)).toBe(`failed: slow (slow.log)
  a.test.ts > works
    no

slow     1 min 01 s  failed: 2 passed, 1 failed
lab                  not run: up failed
whole    2 min 05 s

✗ slow: a.test.ts > works
    no

2 passed, 1 failed
`);
  });

  it("names what failed and where in its last lines, however much is said of each", () => {
    const messages = [`AssertionError: no\n${"because\n".repeat(40)}    at it (/a.test.ts:3:1)`];
    const tests = Array.from({ length: 12 }, (_, n) => ({
      ...{ file: "a.test.ts", name: `works ${n}`, state: "failed", seconds: 1 },
      ...{ messages, place: `a.test.ts:${n + 1}` },
    }));
    const red = result("slow", { failed: 12, tests } as Partial<Outcome>, { state: "failed" });
    const last = summary([red], 125).trimEnd().split("\n").slice(-25);
    expect(last.filter((line) => line.startsWith("✗ slow: a.test.ts > works "))).toHaveLength(10);
    expect(last).toContain("    AssertionError: no (a.test.ts:10)");
    expect(last).toContain("… and 2 more, above");
  });

  it("says why a step failed that has no test", () => {
    const problem = "no report; vitest: exit code 1";
    const red = result("slow", { failed: 1, problem }, { state: "failed" });
    expect(summary([red], 125)).toContain(`\n✗ slow: ${problem}\n`);
  });

  it.each([
    [{ passed: 3, failed: 0 }, 0],
    [{ passed: 3, failed: 1 }, 1],
    [{ passed: 0, failed: 0 }, 1],
  ])("with %j has the exit code %i", (totals, code) => {
    expect(exitCodeOf(totals)).toBe(code);
  });
});

describe("the result file", () => {
  const run = {
    ...{ startedAt: "2026-01-01T00:00:00.000Z", seconds: 125, options: [] },
    versions: {
      ...{ fogline: "0.1.0", commit: "abc", changed: false, node: "v20.11.0" },
      ...{ pulumi: "v3.250.0", k3s: "v1.36.3+k3s1", kernel: "6.1", distribution: "Debian" },
    },
    machine: { processor: "x", cores: 2, memoryMiB: 8192 },
    parts: [
      { part: "K3s", version: "v1.36.3", source: "stand-in", sha256: "" },
      { part: "kubectl", version: "v1.37.2", source: "official", sha256: "0" },
    ] as const,
  };
  const tests = [{ file: "a.test.ts", name: "works", state: "passed", seconds: 1, messages: [] }];
  const files = [{ file: "a.test.ts", seconds: 2, message: "" }];

  it("names for each test and file the step and the lab that it ran on", () => {
    const { step, ...rest } = result("stack", { passed: 1, tests, files } as Partial<Outcome>);
    const written = resultFile([{ ...rest, step: { ...step, lab: LAB } }], run);
    expect(written.tests).toEqual([
      {
        ...{ step: "stack", file: "a.test.ts", name: "works", state: "passed", seconds: 1 },
        lab: LAB,
      },
    ]);
    expect(written.files).toEqual([{ step: "stack", file: "a.test.ts", seconds: 2, lab: LAB }]);
    expect(written.steps).toMatchObject([{ name: "stack", seconds: 61, passed: 1, lab: LAB }]);
  });

  it("names the stand-ins among the lab's parts", () => {
    expect(resultFile([], run).standIns).toEqual(["K3s v1.36.3"]);
  });
});
