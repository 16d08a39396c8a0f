/** Programs that the guide runs. No secret is ever among their arguments. */
import { execa, type ExecaError } from "execa";

import { CommandError } from "./error.ts";

/** Lines of a failed command's output that a person is shown. */
const TAIL = 8;

export interface CommandOptions {
  /** Text for its input; nothing by default. */
  readonly input?: string;
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder that it runs in; the checkout by default. */
  readonly cwd?: string;
  /** Whether it talks to the person at the terminal itself; its output is then not returned. */
  readonly isInteractive?: boolean;
}

/**
 * Runs a program and returns what it printed.
 *
 * @throws CommandError where it is missing or ends with another code than 0
 */
export type Run = (
  program: string,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<string>;

/** How a command is written where a person reads it. */
export function written(program: string, args: readonly string[]): string {
  return [program, ...args]
    .map((word) =>
      /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`,
    )
    .join(" ");
}

/**
 * Runs programs of this computer.
 *
 * @param cwd folder that they run in
 * @param signal ends the one that is running, Ctrl-C at the terminal
 */
export function runner(cwd: string, signal: AbortSignal): Run {
  return async (program, args, options = {}) => {
    try {
      const { stdout } = await execa(program, args, {
        cwd: options.cwd ?? cwd,
        env: { ...options.env },
        cancelSignal: signal,
        // One that has to finish what it does has the time that an orderly end takes.
        forceKillAfterDelay: 10_000,
        ...(options.isInteractive === true
          ? { stdio: "inherit" as const }
          : options.input === undefined
            ? { stdin: "ignore" as const }
            : { input: options.input }),
      });
      return typeof stdout === "string" ? stdout : "";
    } catch (error) {
      signal.throwIfAborted();
      throw commandError(written(program, args), error as ExecaError);
    }
  };
}

function commandError(command: string, error: ExecaError): CommandError {
  const isMissing = error.code === "ENOENT";
  const printed = [error.stderr, error.stdout].find(
    (text) => typeof text === "string" && text.trim() !== "",
  );
  const ended = error.signal === undefined ? [] : [`ended by ${error.signal}`];
  const lines = typeof printed === "string" ? lastLines(printed) : ended;
  return new CommandError(command, error.exitCode, lines, isMissing);
}

/** The last lines of a text that say something. */
export function lastLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-TAIL);
}
