/** Commands on the operator's computer, and what a person is told of one that fails. */
import { execa } from "execa";

/** What a person is told without a trace. */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
}

/** Exit code of a command that was ended from outside. */
export const INTERRUPTED = 130;

/** What became of a command. */
export interface Ran {
  /** Undefined where it did not start, or was ended by a signal. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  /** Why it failed, in its own words where it has any; empty where it did not fail. */
  readonly why: string;
}

export interface RunOptions {
  /** Its standard input; default none. No secret is ever among a command's words. */
  readonly input?: string;
  /** Longest that it may take; default 60 s. */
  readonly seconds?: number;
}

/** Runs a command to its end, whatever that is. */
export type Run = (command: string, args: readonly string[], options?: RunOptions) => Promise<Ran>;

/** Runs commands of this computer. */
export const run: Run = async (command, args, { input = "", seconds = 60 } = {}) => {
  const timeout = seconds * 1000;
  const ended = await execa(command, args, { input, timeout, reject: false });
  const said = ended.stderr.trim();
  return {
    exitCode: ended.exitCode,
    stdout: ended.stdout,
    why: ended.failed ? said || (ended.shortMessage ?? "it failed and did not say why") : "",
  };
};

/**
 * What a command prints.
 *
 * @param what is the matter where it fails
 * @throws OperatorError with the command's own words
 */
export async function ask(
  what: string,
  ...[command, args, options, runs = run]: [...Parameters<Run>, Run?]
): Promise<string> {
  const { exitCode, stdout, why } = await runs(command, args, options);
  if (exitCode !== 0) {
    throw new OperatorError(`${what}: ${why}`);
  }
  return stdout;
}

/**
 * Runs the main part of a command of this repository. What a person is told stands without a trace; an option that
 * does not exist ends with 2, every other failure with 1.
 *
 * @param main given the options, returns the exit code
 * @param ended told of a signal that ends the process; default: it exits, which also removes what it keeps of a stack
 */
export async function runMain(
  main: (args: readonly string[]) => Promise<number>,
  ended: (signal: string) => void = () => process.exit(INTERRUPTED),
): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, ended);
  }
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    // parseArgs of Node.js, of which only the code tells it apart.
    const isUsage =
      error instanceof TypeError &&
      String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
    const isTold = isUsage || error instanceof OperatorError;
    process.stderr.write(`${isTold ? error.message : String((error as Error).stack)}\n`);
    process.exitCode = isUsage ? 2 : 1;
  }
}
