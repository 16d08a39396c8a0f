/** What a test run prints at its end. */
import { duration } from "../../lab/progress.ts";
import { briefFailures, failureLines } from "./report.ts";
import type { StepResult } from "./run-plan.ts";

export interface Totals {
  readonly passed: number;
  readonly failed: number;
}

/** Tests of all steps. */
export function totals(steps: readonly StepResult[]): Totals {
  const sum = (key: keyof Totals): number =>
    steps.reduce((total, { outcome }) => total + outcome[key], 0);
  return { passed: sum("passed"), failed: sum("failed") };
}

/** Failures that a run's last lines name: 2 lines each, in the 25 lines that are kept of a log at least. */
const LAST = 10;

/**
 * Which tests failed and why; a table of the steps; what failed once more in short, so that a log's last
 * lines say it, too; and the closing line.
 */
export function summary(steps: readonly StepResult[], seconds: number): string {
  const { passed, failed } = totals(steps);
  const red = steps.filter(({ state }) => state === "failed");
  const failures = red.flatMap(({ step, outcome, log }) => [
    `failed: ${step.name}${log === undefined ? "" : ` (${log})`}`,
    ...failureLines(outcome),
  ]);
  return [
    ...failures,
    "",
    ...table(steps, seconds),
    ...inShort(red),
    "",
    `${passed} passed, ${failed} failed`,
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** What failed, the first few of it; nothing where nothing has. */
function inShort(red: readonly StepResult[]): string[] {
  const all = red.flatMap(({ step, outcome }) =>
    briefFailures(outcome).map(([title = "", ...why]) => [`✗ ${step.name}: ${title}`, ...why]),
  );
  const shown = all.slice(0, LAST);
  const left = all.length - shown.length;
  return all.length === 0
    ? []
    : ["", ...shown.flat(), ...(left === 0 ? [] : [`… and ${left} more, above`])];
}

/** Steps with their state and duration, and the whole; steps may have overlapped. */
function table(steps: readonly StepResult[], seconds: number): string[] {
  const row = (name: string, time: string, rest: string): string =>
    `${name.padEnd(width)}  ${time.padStart(12)}  ${rest}`.trimEnd();
  const width = Math.max(5, ...steps.map(({ step }) => step.name.length));
  return [
    ...steps.map(({ step, state, seconds: took, outcome, reason }) =>
      state === "not run"
        ? row(step.name, "", `not run: ${reason ?? ""}`)
        : row(step.name, duration(took * 1000), `${state}${counts(outcome)}`),
    ),
    row("whole", duration(seconds * 1000), ""),
  ];
}

function counts({ passed, failed }: Totals): string {
  return passed + failed === 0 ? "" : `: ${passed} passed, ${failed} failed`;
}

/** 0 when tests passed and none failed. */
export function exitCodeOf({ passed, failed }: Totals): number {
  return failed > 0 || passed === 0 ? 1 : 0;
}
