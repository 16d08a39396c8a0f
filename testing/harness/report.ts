/** What the tests of a step came to: read from its report or its exit code, and told in short. */
import { readFileSync } from "node:fs";
import { relative } from "node:path";

import type { Step } from "./step.ts";

export type TestState = "passed" | "failed" | "skipped";

/** One test. */
export interface TestResult {
  /** Of the checkout; absent for a command that is one test. */
  readonly file?: string;
  readonly name: string;
  readonly state: TestState;
  readonly seconds: number;
  /** Why it failed; empty for others. */
  readonly messages: readonly string[];
}

/** One file of tests. */
export interface FileResult {
  readonly file: string;
  readonly seconds: number;
  /** Why it broke before its first test; empty for others. */
  readonly message: string;
}

/** What a step came to. */
export interface Outcome {
  readonly passed: number;
  /** At least 1 for a step that failed. */
  readonly failed: number;
  readonly tests: readonly TestResult[];
  readonly files: readonly FileResult[];
  /** What is wrong besides tests that failed; absent for nothing. */
  readonly problem?: string;
}

/** Vitest's JSON report, as far as it is read. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration?: number | null;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/**
 * Counts a step that has ended.
 *
 * @param report where the step's report would be
 * @param project folder that names of files are relative to
 */
export function outcomeOf(
  { counted, command }: Step,
  run: { readonly exitCode: number; readonly seconds: number },
  report: string,
  project: string,
): Outcome {
  const ended = `${command.join(" ")}: exit code ${run.exitCode}`;
  const hasFailed = run.exitCode !== 0;
  switch (counted.by) {
    case "failure":
      return hasFailed
        ? { passed: 0, failed: 1, tests: [], files: [], problem: ended }
        : { passed: 0, failed: 0, tests: [], files: [] };
    case "status": {
      const state = hasFailed ? "failed" : "passed";
      const messages = hasFailed ? [ended] : [];
      return {
        ...(hasFailed ? { passed: 0, failed: 1 } : { passed: 1, failed: 0 }),
        tests: [{ name: counted.test, state, seconds: run.seconds, messages }],
        files: [],
      };
    }
    case "report":
      return fromReport(report, ended, hasFailed, project);
  }
}

function fromReport(path: string, ended: string, hasFailed: boolean, project: string): Outcome {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(path, "utf8")) as VitestReport;
  } catch (error) {
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw error;
    }
    return { passed: 0, failed: 1, tests: [], files: [], problem: `no report; ${ended}` };
  }
  const isRed = hasFailed || !report.success;
  return {
    passed: report.numPassedTests,
    // A file that broke before its first test counts as one failure, as does an error outside of tests.
    failed: Math.max(report.numFailedTests, isRed ? 1 : 0),
    tests: report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map((test) => ({
        file: relative(project, name),
        name: test.fullName,
        state: stateOf(test.status),
        seconds: (test.duration ?? 0) / 1000,
        messages: test.failureMessages ?? [],
      })),
    ),
    files: report.testResults.map(({ name, startTime, endTime, message }) => ({
      file: relative(project, name),
      seconds: (endTime - startTime) / 1000,
      message: message ?? "",
    })),
    ...(hasFailed && report.success ? { problem: `no test failed; ${ended}` } : {}),
  };
}

function stateOf(status: string): TestState {
  return status === "passed" || status === "failed" ? status : "skipped";
}

/** Which tests failed and why in short, as lines for people; none for a step that passed. */
export function failureLines({ problem, files, tests }: Outcome): string[] {
  return [
    ...(problem === undefined ? [] : [`  ${problem}`]),
    ...files
      .filter(({ message }) => message !== "")
      .flatMap(({ file, message }) => [`  ${file}`, `    ${short(message)}`]),
    ...tests
      .filter(({ state }) => state === "failed")
      .flatMap(({ file, name, messages }) => [
        `  ${file === undefined ? "" : `${file} > `}${name}`,
        `    ${short(messages.join("\n"))}`,
      ]),
  ];
}

/** Lines of a message that are shown: all of a short one, else its beginning and its end. */
const [WHOLE, HEAD, TAIL] = [24, 4, 19];

/** A message's beginning says what failed; its end, without the call stack, why. */
function short(message: string): string {
  const lines = message
    .trim()
    .split("\n")
    .filter((line) => !/^\s+at /.test(line));
  const shown =
    lines.length > WHOLE ? [...lines.slice(0, HEAD), "…", ...lines.slice(-TAIL)] : lines;
  return shown.join("\n    ");
}
