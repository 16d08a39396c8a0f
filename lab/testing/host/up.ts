/** `make up` as somebody at the keyboard meets it: started, watched, killed, interrupted. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { execa } from "execa";

import { LAB_TEST } from "../../../testing/patience.ts";
import { MACHINES, PROJECT, RUN } from "../../layout.ts";
import { identify, readPidFile } from "../../processes.ts";
import { until } from "../lab.ts";

/** How a run of a command ended. */
export interface Ended {
  readonly exitCode: number;
  /** All that it printed. */
  readonly said: string;
  /** The signal that ended it; undefined where it ended by itself. */
  readonly signal?: string | undefined;
}

/** A command that was started. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** Starts a command of the lab, e.g. `start("up")`. */
export function start(...args: readonly string[]): Running {
  const run = execa(process.execPath, ["lab/start.mjs", ...args], {
    cwd: PROJECT,
    reject: false,
    all: true,
  });
  const ended = run.then(({ exitCode, all, signal }) => ({
    exitCode: exitCode ?? 255,
    said: all,
    signal,
  }));
  return { pid: run.pid ?? 0, ended };
}

/**
 * Starts `up` and waits until a phase has begun.
 *
 * @throws Error with what `up` said when it ends before, or when an earlier run began the phase
 */
export async function upUntil(phase: Phase): Promise<Running> {
  if (PHASES[phase]()) {
    throw new Error(`an earlier run has begun ${phase} already`);
  }
  const run = start("up");
  const ended = run.ended.then(({ said }) => {
    throw new Error(`up ended before ${phase} began:\n${said}`);
  });
  // What comes before it may be all of `up`, which ends by itself.
  const begun = until(
    `${phase} to begin`,
    () => Promise.resolve(PHASES[phase]() ? true : undefined),
    LAB_TEST,
  );
  await Promise.race([begun, ended]);
  ended.catch(() => undefined);
  return run;
}

/**
 * Kills a command, its engine and its plugins without warning; machines run on.
 *
 * @throws Error with what the command said when it ended by itself
 */
export async function killAll({ pid, ended }: Running): Promise<void> {
  const killed = programs(pid);
  for (const each of killed) {
    process.kill(each, "SIGKILL");
  }
  const { signal, said } = await ended;
  if (signal !== "SIGKILL") {
    throw new Error(`the command was to be killed, but ended by itself:\n${said}`);
  }
  await until("the killed processes to be gone", () =>
    Promise.resolve(killed.every((each) => identify(each) === undefined) ? true : undefined),
  );
}

/** A phase of `up`. */
export type Phase = "engine" | "machines" | "overlay" | "k3s" | "database" | "website";

/**
 * What shows that a phase has begun: the machine's disk, or the step in the engine's state, which
 * is written before the step runs.
 */
const PHASES: Readonly<Record<Phase, () => boolean>> = {
  engine: () => readPidFile(join(RUN, "engine", "pid")) !== undefined,
  machines: () =>
    existsSync(MACHINES) && readdirSync(MACHINES).some((name) => name.includes("WorkerNode")),
  overlay: () => stateText().includes("::workernode-overlay"),
  k3s: () => stateText().includes("::raspberrypi-k3s"),
  database: () => stateText().includes("::database-server"),
  website: () => stateText().includes("::website-service"),
};

/** Names of all resources in the engine's state, as URNs. */
export function urns(): string[] {
  const { checkpoint } = JSON.parse(stateText()) as {
    checkpoint: { latest: { resources: { urn: string }[] } };
  };
  return checkpoint.latest.resources.map(({ urn }) => urn);
}

function stateText(): string {
  return read(join(RUN, "state", ".pulumi", "stacks", "fogline", "lab.json"));
}

/** The program's processes below one of ours: the lab's command, engine and plugins, no machine. */
function programs(top: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    const stat = read(`/proc/${name}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const below = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(below)];
  return below(top).filter((pid) =>
    /lab\/(start|engine)\.mjs|pulumi|stand-ins\//.test(read(`/proc/${pid}/cmdline`)),
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // No run has written it yet, or the process ended meanwhile.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      return "";
    }
    throw error;
  }
}
