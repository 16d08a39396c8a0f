/** What the tests of a step came to: read from its report or its exit code, and told in short. */
import { readFileSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { endOf, errorsOutside } from "./outside.ts";
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
  /** Where in the checkout it failed, as `file:line`; absent for others, and where no error says so. */
  readonly place?: string;
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
  /** What is wrong besides tests that failed, its first line in short; absent for nothing. */
  readonly problem?: string;
}

/** How a step's command ended. */
interface Ended {
  readonly exitCode: number;
  readonly seconds: number;
  /** What it printed. */
  readonly log: string;
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
    readonly status?: string;
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
  run: Ended,
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
      return fromReport(report, { ...run, ended }, project);
  }
}

function fromReport(
  path: string,
  { exitCode, log, ended }: Ended & { readonly ended: string },
  project: string,
): Outcome {
  let report: VitestReport;
  try {
    report = JSON.parse(readFileSync(path, "utf8")) as VitestReport;
  } catch (error) {
    if (!(error instanceof SyntaxError) && (error as NodeJS.ErrnoException).code !== "ENOENT") {
      throw error;
    }
    const problem = problemOf("no report", ended, log);
    return { passed: 0, failed: 1, tests: [], files: [], problem };
  }
  const hasFailed = exitCode !== 0;
  const isOutside = hasFailed && (report.success || errorsOutside(log).length > 0);
  const isRed = hasFailed || !report.success;
  return {
    passed: report.numPassedTests,
    // A file that broke before its first test counts as one failure, as does an error outside of tests.
    failed: Math.max(report.numFailedTests, isRed ? 1 : 0),
    tests: report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map((test) => {
        const seconds = (test.duration ?? 0) / 1000;
        const messages = test.failureMessages ?? [];
        const place = messages.flatMap((message) => placeOf(message, project) ?? [])[0];
        return {
          file: relative(project, name),
          name: test.fullName,
          state: stateOf(test.status),
          seconds,
          messages: messages.map((message) => readable(message, seconds)),
          ...(place === undefined ? {} : { place }),
        };
      }),
    ),
    files: report.testResults.map((result) => ({
      file: relative(project, result.name),
      seconds: (result.endTime - result.startTime) / 1000,
      message: fileMessage(result),
    })),
    ...(isOutside
      ? { problem: problemOf(report.success ? "no test failed" : "tests failed, too", ended, log) }
      : {}),
  };
}

/** What a command failed of besides tests: errors outside of them, else what its log ends with. */
function problemOf(found: string, ended: string, log: string): string {
  const errors = errorsOutside(log);
  if (errors.length > 0) {
    return [...errors, `${found}; ${ended}`].join("\n");
  }
  const [last, ...lines] = endOf(log);
  return last === undefined
    ? `${found}; ${ended}`
    : [`${found}; ${last}`, ...lines, ended].join("\n");
}

/**
 * What Vitest reports of a test that timed out instead of its message: the name of the error that only
 * tells where the test, or the hook, begins.
 */
const PLACEHOLDER = /^Error: STACK_TRACE_ERROR\b/;
/** What it says of a hook of a whole file, with advice that this project has no use for. */
const HOOK = /^Hook timed out in (\d+)ms\.\n.*/;

/** A message of Vitest's, with a timeout called one. */
function readable(message: string, seconds: number): string {
  return message
    .replace(PLACEHOLDER, `timed out after ${seconds.toFixed(0)} s`)
    .replace(HOOK, (_, ms: string) => `a hook timed out after ${(Number(ms) / 1000).toFixed(0)} s`);
}

/** The innermost place in the checkout that an error's call stack names. */
function placeOf(message: string, project: string): string | undefined {
  for (const [, url = "", line = ""] of message.matchAll(
    /^\s+at .*?((?:file:\/\/)?\/[^\s()]+):(\d+):\d+\)?$/gm,
  )) {
    const file = relative(project, url.startsWith("file:") ? fileURLToPath(url) : url);
    if (!file.startsWith("..") && !isAbsolute(file) && !file.includes("node_modules/")) {
      return `${file}:${line}`;
    }
  }
  return undefined;
}

/** Why a file failed besides its tests. The report has no words of a hook of a `describe` that failed. */
function fileMessage({
  message = "",
  status,
  assertionResults,
}: VitestReport["testResults"][number]): string {
  const isUnsaid =
    message === "" &&
    status === "failed" &&
    assertionResults.every((test) => test.status !== "failed");
  return isUnsaid ? "a hook failed: the step's log says which" : readable(message, 0);
}

function stateOf(status: string): TestState {
  return status === "passed" || status === "failed" ? status : "skipped";
}

/** A failure of a step: a test's, a file's or that of the step itself. */
interface Failure {
  /** Its test and file; absent for a step that failed as a whole. */
  readonly title?: string;
  readonly message: string;
  readonly place?: string | undefined;
}

function failuresOf({ problem, files, tests }: Outcome): Failure[] {
  return [
    ...(problem === undefined ? [] : [{ message: problem }]),
    ...files
      .filter(({ message }) => message !== "")
      .map(({ file, message }) => ({ title: file, message })),
    ...tests
      .filter(({ state }) => state === "failed")
      .map(({ file, name, messages, place }) => ({
        title: `${file === undefined ? "" : `${file} > `}${name}`,
        message: messages.join("\n"),
        place,
      })),
  ];
}

/** Which tests failed, why in short and where, as lines for people; none for a step that passed. */
export function failureLines(outcome: Outcome): string[] {
  return failuresOf(outcome).flatMap(({ title, message, place }) =>
    title === undefined
      ? message.split("\n").map((line) => `  ${line}`)
      : [
          `  ${title}`,
          `    ${short(message)}`,
          ...(place === undefined ? [] : [`    at ${place}`]),
        ],
  );
}

/** Columns of a line that repeats the beginning of a message. */
const WIDTH = 200;

/** The same in one or two lines for each failure: a test's name, and the first line of why. */
export function briefFailures(outcome: Outcome): string[][] {
  return failuresOf(outcome).map(({ title, message, place }) => {
    const [first = ""] = message.trim().split("\n");
    const cut = first.length > WIDTH ? `${first.slice(0, WIDTH)}…` : first;
    const why = `${cut}${place === undefined ? "" : ` (${place})`}`;
    return title === undefined ? [why] : [title, `    ${why}`];
  });
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
