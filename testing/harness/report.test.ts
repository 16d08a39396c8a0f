import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { briefFailures, failureLines, outcomeOf, type Outcome } from "./report.ts";
import type { Step } from "./step.ts";

const STEP: Step = {
  name: "one",
  command: ["vitest"],
  needs: "nothing",
  counted: { by: "report" },
};

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-report-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function outcome(report: unknown, exitCode = 0, log = ""): Outcome {
  const path = join(folder, "one.json");
  writeFileSync(path, typeof report === "string" ? report : JSON.stringify(report));
  return outcomeOf(STEP, { exitCode, seconds: 1, log }, path, "/project");
}

const GREEN = {
  numPassedTests: 1,
  numFailedTests: 0,
  success: true,
  testResults: [
    {
      name: "/project/a/b.test.ts",
      ...{ startTime: 1000, endTime: 3500, message: "" },
      assertionResults: [
        { fullName: "it works", status: "passed", duration: 250, failureMessages: [] },
        { fullName: "it is left out", status: "skipped", failureMessages: [] },
      ],
    },
  ],
};
const [file] = GREEN.testResults;

describe("a report", () => {
  it("gives each test with its file, state and duration", () => {
    const { passed, failed, tests, files, problem } = outcome(GREEN);
    expect([passed, failed, problem]).toEqual([1, 0, undefined]);
    const messages: string[] = [];
    expect(tests).toEqual([
      { file: "a/b.test.ts", name: "it works", state: "passed", seconds: 0.25, messages },
      { file: "a/b.test.ts", name: "it is left out", state: "skipped", seconds: 0, messages },
    ]);
    expect(files).toEqual([{ file: "a/b.test.ts", seconds: 2.5, message: "" }]);
  });

  it("with tests that failed counts them alone, whatever the exit code", () => {
    const red = { ...GREEN, numFailedTests: 2, success: false };
    expect(outcome(red, 1)).toMatchObject({ passed: 1, failed: 2 });
    expect(outcome(red, 1).problem).toBeUndefined();
  });

  it("with a file that broke before its first test has one failure", () => {
    const broken = {
      ...{ numPassedTests: 0, numFailedTests: 0, success: false },
      testResults: [{ ...file, message: "no such module", assertionResults: [] }],
    };
    expect(outcome(broken, 1)).toMatchObject({ passed: 0, failed: 1 });
    expect(failureLines(outcome(broken, 1))).toEqual(["  a/b.test.ts", "    no such module"]);
  });

  it("with a hook of a describe that failed says so, though it has no words of it", () => {
    const results = [{ ...file, status: "failed", assertionResults: [] }];
    const red = { ...GREEN, numPassedTests: 0, success: false, testResults: results };
    expect(failureLines(outcome(red, 1))).toEqual([
      ...["  a/b.test.ts", "    a hook failed: the step's log says which"],
    ]);
  });

  it("that was cut off is one failure", () => {
    expect(outcome(JSON.stringify(GREEN).slice(0, 40))).toMatchObject({
      ...{ passed: 0, failed: 1, problem: "no report; vitest: exit code 0" },
    });
  });
});

describe("a command that fails though no test does", () => {
  const log = [
    "⎯⎯⎯⎯⎯ Uncaught Exception ⎯⎯⎯⎯⎯",
    "Error: write EPIPE",
    " ❯ a/b.test.ts:3:5",
    'This error originated in "a/b.test.ts" test file. It does not mean the error was thrown there.',
  ].join("\n");

  it("is a failure of the error outside of tests, with its words first", () => {
    const red = outcome(GREEN, 1, log);
    expect(red).toMatchObject({ passed: 1, failed: 1 });
    expect(failureLines(red)).toEqual([
      "  Error: write EPIPE (during a/b.test.ts)",
      "     ❯ a/b.test.ts:3:5",
      "  no test failed; vitest: exit code 1",
    ]);
    expect(briefFailures(red)).toEqual([["Error: write EPIPE (during a/b.test.ts)"]]);
  });

  it("tells of an error outside of tests beside tests that failed", () => {
    const red = outcome({ ...GREEN, numFailedTests: 2, success: false }, 1, log);
    expect(red).toMatchObject({ passed: 1, failed: 2 });
    expect(failureLines(red).at(-1)).toBe("  tests failed, too; vitest: exit code 1");
  });

  it("shows the end of its log where that names no error", () => {
    const red = outcome(GREEN, 137, "one\ntwo\nKilled\n");
    expect(failureLines(red)).toEqual([
      ...["  no test failed; its log says: Killed", "    one", "    two", "    Killed"],
      "  vitest: exit code 137",
    ]);
  });

  it("says so where its log is empty", () => {
    expect(failureLines(outcome(GREEN, 1))).toEqual(["  no test failed; vitest: exit code 1"]);
  });
});

describe("a failure in short", () => {
  const red = (message: string): Outcome => {
    const test = { fullName: "it works", status: "failed", failureMessages: [message] };
    const results = [{ ...file, assertionResults: [{ ...test, duration: 600_012 }] }];
    const report = { ...GREEN, numFailedTests: 1, success: false, testResults: results };
    return outcome(report, 1);
  };
  const failing = (message: string): string[] => failureLines(red(message)).join("\n").split("\n");

  it("names file and test and leaves the call stack out", () => {
    expect(failing("AssertionError: no\nbecause\n    at a (b.ts:1:2)\n    at c")).toEqual([
      "  a/b.test.ts > it works",
      "    AssertionError: no",
      "    because",
    ]);
  });

  it("calls a timeout one, and says where the test begins that had it", () => {
    const stack = [
      "Error: STACK_TRACE_ERROR",
      "    at task.fn (file:///project/node_modules/@vitest/runner/dist/chunk-hooks.js:638:27)",
      "    at /project/a/b.test.ts:75:3",
      "    at /project/a/b.test.ts:20:1",
    ].join("\n");
    expect(failing(stack)).toEqual([
      "  a/b.test.ts > it works",
      "    timed out after 600 s",
      "    at a/b.test.ts:75",
    ]);
    expect(briefFailures(red(stack))).toEqual([
      ["a/b.test.ts > it works", "    timed out after 600 s (a/b.test.ts:75)"],
    ]);
  });

  it("calls a timeout of a file's hook one", () => {
    const advice = "If this is a long-running hook, pass a timeout value as the last argument";
    const results = [{ ...file, message: `Hook timed out in 600000ms.\n${advice}` }];
    const report = { ...GREEN, success: false, testResults: results };
    expect(failureLines(outcome(report, 1))).toEqual([
      ...["  a/b.test.ts", "    a hook timed out after 600 s"],
    ]);
  });

  it.each([
    "    at Object.fn (/project/a/help.ts:7:11)",
    "    at fn (file:///project/a/help.ts:7:11)",
    "    at async fn (/elsewhere/x.ts:1:1)\n    at /project/a/help.ts:7:11",
  ])("says where it happened, from %j", (stack) => {
    expect(failing(`AssertionError: no\n${stack}`).at(-1)).toBe("    at a/help.ts:7");
  });

  it("keeps the beginning and the end of a long message", () => {
    const lines = failing(Array.from({ length: 60 }, (_, index) => `line ${index + 1}`).join("\n"));
    expect(lines.slice(1, 7).map((line) => line.trim())).toEqual([
      ...["line 1", "line 2", "line 3", "line 4", "…", "line 42"],
    ]);
    expect(lines.at(-1)).toBe("    line 60");
  });
});
