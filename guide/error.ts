/** What a person is told when a step cannot go on: one message with the command and the fix. */

/** What is known of a failure. */
export interface Failure {
  /** The command that failed, as it can be typed; none where a rule was broken. */
  readonly command?: string;
  /** Last lines that the command printed. */
  readonly lines?: readonly string[];
  /** What to do, as imperative sentences; several where there are alternatives. */
  readonly fixes: readonly string[];
}

/** Thrown by a step; the runner adds which step it was. */
export class GuideError extends Error {
  constructor(
    /** What is wrong, as a sentence. */
    readonly problem: string,
    readonly failure: Failure,
  ) {
    super([problem, ...detailsOf(failure)].join("\n"));
    this.name = "GuideError";
  }
}

/** A command that did not end with 0, or could not be started. */
export class CommandError extends Error {
  constructor(
    readonly command: string,
    /** Exit code; undefined where it did not start or was ended by a signal. */
    readonly exitCode: number | undefined,
    /** Last lines of its output, errors first where there are any. */
    readonly lines: readonly string[],
    /** Whether there is no such program. */
    readonly isMissing: boolean,
  ) {
    super(`${command}: ${isMissing ? "no such program" : `exit code ${exitCode ?? "none"}`}`);
    this.name = "CommandError";
  }

  get text(): string {
    return this.lines.join("\n");
  }
}

/** The failure of a command, as a person is told it. */
export function failed(problem: string, error: unknown, ...fixes: readonly string[]): GuideError {
  if (!(error instanceof CommandError)) {
    throw error;
  }
  return new GuideError(problem, { command: error.command, lines: error.lines, fixes });
}

function detailsOf({ command, lines = [], fixes }: Failure): string[] {
  return [
    ...(command === undefined ? [] : [`  command: ${command}`]),
    ...lines.map((line) => `  | ${line}`),
    ...fixes.map((fix) => `  fix: ${fix}`),
  ];
}
