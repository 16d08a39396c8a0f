/** Runs a plan: stage after stage, lanes side by side, and says where it stands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { duration, lastLines } from "../../lab/progress.ts";
import { runCommand } from "./command.ts";
import { outcomeOf, type Outcome } from "./report.ts";
import type { Lane, Plan, Stage, Step } from "./step.ts";

/** Lines of the output of a step that passed beside others; its log has all. */
const SHOWN = 40;
/** How often steps that run side by side are named, in milliseconds. */
const HEARTBEAT = 60_000;

/** A step and what became of it. */
export interface StepResult {
  readonly step: Step;
  readonly state: "passed" | "failed" | "not run";
  readonly seconds: number;
  readonly outcome: Outcome;
  /** Why it was not run. */
  readonly reason?: string;
  /** File with its output, below the project; absent where it was not run. */
  readonly log?: string;
}

export interface RunOptions {
  /** Where steps' commands are run. */
  readonly project: string;
  /** Of logs and reports, below the project; exists. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether whoever runs it is root. */
  readonly isRoot: boolean;
  /** Ends the run at the first failure on the lab, which stays as it is. */
  readonly keepFailed: boolean;
  readonly print: (text: string) => void;
  /** Called after a failure on the lab, before anything changes it. */
  readonly afterFailure?: (step: Step, lane: Lane) => Promise<void>;
  /** Where lanes of a second computer are run. */
  readonly computers: Computers;
  readonly heartbeat?: number;
}

/** Second computers, by name. */
export interface Computers {
  begin(name: string): Promise<void>;
  /** A command as it is run on one that has begun. */
  commandOn(name: string, command: readonly string[]): readonly string[];
  end(name: string): Promise<void>;
}

export interface RunResult {
  /** In the order of the plan. */
  readonly steps: readonly StepResult[];
  /** Lanes whose lab was left standing because of a failure. */
  readonly keptLabs: readonly Lane[];
}

const NOTHING: Outcome = { passed: 0, failed: 0, tests: [], files: [] };

/** Runs every step that an earlier failure does not forbid. */
export async function runPlan(plan: Plan, options: RunOptions): Promise<RunResult> {
  const results: StepResult[] = [];
  let ended: string | undefined;
  const keptLabs: Lane[] = [];
  for (const stage of plan) {
    const lanes = await runStage(stage, ended, options);
    for (const [at, lane] of lanes.entries()) {
      results.push(...lane.steps);
      ended ??= lane.endsRun;
      keptLabs.push(...(lane.keptLab ? stage.slice(at, at + 1) : []));
    }
  }
  return { steps: results, keptLabs };
}

interface LaneResult {
  readonly steps: readonly StepResult[];
  /** Why stages after this one do not run. */
  readonly endsRun?: string;
  readonly keptLab: boolean;
}

async function runStage(
  stage: Stage,
  ended: string | undefined,
  options: RunOptions,
): Promise<LaneResult[]> {
  const running = new Map<string, number>();
  // What several steps print at the same time cannot be read: each is shown when it has ended.
  const isAlone = stage.length === 1;
  const timer = setInterval(() => {
    const steps = [...running].map(([name, since]) => `${name} ${duration(Date.now() - since)}`);
    if (!isAlone && steps.length > 0) {
      options.print(`... ${steps.join(", ")}\n`);
    }
  }, options.heartbeat ?? HEARTBEAT);
  try {
    return await Promise.all(
      stage.map((lane) => runLane(lane, ended, { ...options, isAlone, running })),
    );
  } finally {
    clearInterval(timer);
  }
}

interface LaneOptions extends RunOptions {
  readonly isAlone: boolean;
  /** Since when which steps run, in milliseconds since 1970. */
  readonly running: Map<string, number>;
}

/** A lane of a second computer has one of its own, which ends with it unless its lab is kept. */
async function runLane(
  lane: Lane,
  ended: string | undefined,
  options: LaneOptions,
): Promise<LaneResult> {
  const { computer } = lane;
  if (computer === undefined || ended !== undefined || !options.isRoot) {
    return runSteps(lane, ended, options);
  }
  await options.computers.begin(computer);
  const result = await runSteps(lane, ended, options);
  if (!result.keptLab) {
    await options.computers.end(computer);
  }
  return result;
}

async function runSteps(
  lane: Lane,
  endedBefore: string | undefined,
  options: LaneOptions,
): Promise<LaneResult> {
  const steps: StepResult[] = [];
  let ended = endedBefore;
  let endsRun: string | undefined;
  let keptLab = false;
  for (const step of lane.steps) {
    if (step.onlyAfterFailure && steps.at(-1)?.state === "passed") {
      continue;
    }
    if (ended !== undefined) {
      steps.push({ step, state: "not run", seconds: 0, outcome: NOTHING, reason: ended });
      continue;
    }
    const result = await runStep(step, lane, options);
    steps.push(result);
    if (result.state === "failed") {
      const why = `${step.name} failed`;
      keptLab = options.keepFailed && step.needs === "lab";
      ended = keptLab || step.ends !== undefined ? why : undefined;
      endsRun = keptLab || step.ends === "run" ? why : undefined;
    }
  }
  return { steps, keptLab, ...(endsRun === undefined ? {} : { endsRun }) };
}

async function runStep(step: Step, lane: Lane, options: LaneOptions): Promise<StepResult> {
  const { print, isAlone, running } = options;
  if (step.needs !== "nothing" && !options.isRoot) {
    const outcome = { ...NOTHING, failed: 1, problem: "it needs root" };
    print(`==> ${step.name} failed: it needs root\n`);
    return { step, state: "failed", seconds: 0, outcome };
  }
  const log = join(options.folder, `${step.name}.log`);
  const since = Date.now();
  print(`==> ${step.name}\n`);
  running.set(step.name, since);
  const exitCode = await runCommand({
    command: commandOf(step, lane, options),
    env: { ...options.env, ...step.env },
    cwd: options.project,
    log: join(options.project, log),
    niceness: lane.niceness ?? 0,
    ...(isAlone ? { show: print } : {}),
  });
  running.delete(step.name);
  const seconds = (Date.now() - since) / 1000;
  const report = join(options.project, options.folder, `${step.name}.json`);
  const said = readFileSync(join(options.project, log), "utf8");
  const outcome = outcomeOf(step, { exitCode, seconds, log: said }, report, options.project);
  const state = outcome.failed > 0 ? "failed" : "passed";
  if (!isAlone) {
    print(shown(said, state === "failed", log));
  }
  print(`==> ${step.name} ${state} after ${duration(seconds * 1000)}\n`);
  if (state === "failed" && step.needs === "lab") {
    await options.afterFailure?.(step, lane);
  }
  return { step, state, seconds, outcome, log };
}

function commandOf({ command }: Step, lane: Lane, options: RunOptions): readonly string[] {
  const { computer } = lane;
  return computer === undefined ? command : options.computers.commandOn(computer, command);
}

/** All that a step printed, or the end of it. */
function shown(output: string, whole: boolean, log: string): string {
  const text = output.trimEnd();
  const left = text.split("\n").length - SHOWN;
  if (text === "") {
    return "";
  }
  return whole || left <= 0
    ? `${text}\n`
    : `(${left} lines before: ${log})\n${lastLines(text, SHOWN)}\n`;
}
