/** Runs a step's command with its output in a file. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { constants } from "node:os";

/** How often a log that is shown while it grows is looked at, in milliseconds. */
const LOOK = 200;

export interface Command {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Receives standard output and standard error. */
  readonly log: string;
  /** Gets the output as it comes; absent where it is shown later. */
  readonly show?: (text: string) => void;
  /** What it leaves of the processor to everything else, 0 to 19; default 0. */
  readonly niceness?: number;
}

/** Sessions that run: Ctrl-C at a terminal reaches the run's own session alone. */
const sessions = new Set<number>();

process.once("exit", () => {
  for (const session of sessions) {
    process.kill(-session, "SIGTERM");
  }
});

/**
 * Runs a command of a session of its own with less of the processor. The kernel shares it out to sessions
 * first (autogroup), so that the niceness of a process counts within its session alone.
 */
const YIELD =
  '[ ! -w /proc/self/autogroup ] || echo "$0" >/proc/self/autogroup; exec nice -n "$0" "$@"';

/**
 * Runs a command to its end. It writes to a file and not to a pipe, because a pipe stays open for as
 * long as a background process that the command leaves behind holds it.
 *
 * @returns the exit code; 128 and the signal's number where a signal ended it, 127 where it could not be
 * started, with the reason in the log, as shells have it
 */
export async function runCommand(step: Command): Promise<number> {
  const { env, cwd, log, show, niceness = 0 } = step;
  const isNice = niceness > 0;
  const [program = "", ...args] = isNice
    ? ["bash", "-c", YIELD, String(niceness), ...step.command]
    : step.command;
  const file = openSync(log, "w");
  const follower = show === undefined ? undefined : follow(log, show);
  try {
    return await new Promise<number>((resolve) => {
      const child = spawn(program, args, {
        cwd,
        env,
        detached: isNice,
        stdio: ["ignore", file, file],
      });
      const { pid } = child;
      if (isNice && pid !== undefined) {
        sessions.add(pid);
      }
      child.once("error", (error) => {
        writeSync(file, `${error.message}\n`);
        resolve(127);
      });
      child.once("exit", (code, signal) => {
        sessions.delete(pid ?? 0);
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
  } finally {
    follower?.end();
    closeSync(file);
  }
}

/** Hands on what is written to a file, until it is ended. */
function follow(path: string, show: (text: string) => void): { end: () => void } {
  const file = openSync(path, "r");
  const decoder = new TextDecoder();
  const buffer = Buffer.alloc(64 * 1024);
  const look = (): void => {
    for (let size = readSync(file, buffer); size > 0; size = readSync(file, buffer)) {
      show(decoder.decode(buffer.subarray(0, size), { stream: true }));
    }
  };
  const timer = setInterval(look, LOOK);
  return {
    end: () => {
      clearInterval(timer);
      look();
      closeSync(file);
    },
  };
}
