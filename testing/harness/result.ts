/** The result file of a test run: what was tried, on what, and what came of it. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";

import { execa } from "execa";

import { PROJECT } from "../../lab/layout.ts";
import { part, readToolchainLock } from "../../lab/toolchain/lock.ts";
import type { ReportLine } from "../../lab/toolchain/report.ts";
import type { TestState } from "./report.ts";
import type { StepResult } from "./run-plan.ts";
import type { Lab } from "./step.ts";
import { totals } from "./summary.ts";

/** `.fogline/tests/result.json`. Durations are in seconds. */
export interface ResultFile {
  /** ISO 8601 time. */
  readonly startedAt: string;
  readonly seconds: number;
  /** Command line of the run, without the program. */
  readonly options: readonly string[];
  readonly passed: number;
  readonly failed: number;
  readonly versions: Versions;
  readonly machine: Machine;
  /** Parts of the labs that ran, and where each came from; empty where none ran. */
  readonly parts: readonly ReportLine[];
  /** Those of them that are stand-ins, as `part version`. */
  readonly standIns: readonly string[];
  readonly steps: readonly {
    readonly name: string;
    readonly state: StepResult["state"];
    readonly reason?: string | undefined;
    readonly seconds: number;
    readonly passed: number;
    readonly failed: number;
    readonly lab?: Lab | undefined;
    readonly log?: string | undefined;
  }[];
  readonly files: readonly {
    readonly step: string;
    readonly file: string;
    readonly seconds: number;
    readonly lab?: Lab | undefined;
  }[];
  readonly tests: readonly {
    readonly step: string;
    readonly file?: string | undefined;
    readonly name: string;
    readonly state: TestState;
    readonly seconds: number;
    readonly lab?: Lab | undefined;
  }[];
}

interface Versions {
  /** Of package.json. */
  readonly fogline: string;
  readonly commit: string;
  /** Whether the working copy has changes that the commit has not. */
  readonly changed: boolean;
  readonly node: string;
  readonly pulumi: string;
  readonly k3s: string;
  readonly kernel: string;
  readonly distribution: string;
}

interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryMiB: number;
}

/** Versions of the product, of the parts that the lab pins, and of this computer. */
export async function versions(): Promise<Versions> {
  const lock = readToolchainLock();
  const manifest = JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")) as {
    version: string;
  };
  const git = async (...args: readonly string[]): Promise<string> =>
    (await execa("git", args, { cwd: PROJECT, reject: false })).stdout;
  return {
    fogline: manifest.version,
    commit: await git("rev-parse", "HEAD"),
    changed: (await git("status", "--porcelain")) !== "",
    node: process.version,
    pulumi: part(lock, "pulumi").version,
    k3s: part(lock, "k3s").version,
    kernel: release(),
    distribution:
      /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "",
  };
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model ?? "",
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
  };
}

/** What a run came to, with what it ran on. */
export function resultFile(
  steps: readonly StepResult[],
  run: Pick<ResultFile, "startedAt" | "seconds" | "options" | "versions" | "machine" | "parts">,
): ResultFile {
  return {
    ...run,
    ...totals(steps),
    standIns: run.parts
      .filter(({ source }) => source === "stand-in")
      .map((line) => `${line.part} ${line.version}`),
    steps: steps.map(({ step: { name, lab }, outcome: { passed, failed }, ...result }) => ({
      ...{ name, state: result.state, reason: result.reason, seconds: result.seconds },
      ...{ passed, failed, lab, log: result.log },
    })),
    files: steps.flatMap(({ step: { name, lab }, outcome }) =>
      outcome.files.map(({ file, seconds }) => ({ step: name, file, seconds, lab })),
    ),
    tests: steps.flatMap(({ step: { name: step, lab }, outcome }) =>
      outcome.tests.map(({ file, name, state, seconds }) => {
        return { step, file, name, state, seconds, lab };
      }),
    ),
  };
}
