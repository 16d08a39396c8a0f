/** What a test run prints at its end. */
import { duration } from "../../lab/progress.ts";
import { failureLines } from "./report.ts";
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

/** Which tests failed and why in short, a table of the steps, and the closing line. */
export function summary(steps: readonly StepResult[], seconds: number): string {
  const { passed, failed } = totals(steps);
  const failures = steps
    .filter(({ state }) => state === "failed")
    .flatMap(({ step, outcome, log }) => [
      `failed: ${step.name}${log === undefined ? "" : ` (${log})`}`,
      ...failureLines(outcome),
    ]);
  return [...failures, "", ...table(steps, seconds), "", `${passed} passed, ${failed} failed`]
    .map((line) => `${line}\n`)
    .join("");
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
