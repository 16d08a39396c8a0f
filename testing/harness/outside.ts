/**
 * Errors outside of tests: a promise that rejects and nobody waits for, an "error" event without a
 * listener, a worker that ends. Vitest fails for them and its JSON report leaves them out, so they are read
 * from what it prints.
 */
import { stripVTControlCharacters } from "node:util";

/** Begins an error that belongs to no test. */
const TITLE =
  /^⎯+ (?:Unhandled (?:Error|Rejection|Source Error)|Uncaught Exception|Startup Error) ⎯+$/;
/** Begins what Vitest prints after the last of them. */
const END = /^ *Test Files {2}/;
/** What Vitest says without such a title when its own parts do not end. */
const TROUBLE =
  /^(?:error during close|close timed out|Tests closed successfully but|\[vitest-pool\]:)/;

const FILE = /^This error originated in "([^"]+)" test file/;
const TEST = /^The latest test that might've caused the error is "(.+)"\. It might mean/;
/** Rulers, advice, and steps of the call stack that are not the project's. */
const NOISE =
  /^(?:⎯*|- The error was thrown, while .*|- If the error occurred after .*| *❯ .*(?:node_modules\/|node:).*)$/;

/** Errors that are told with their lines, the lines of each, and lines of a log that names none. */
const [ERRORS, LINES, TAIL] = [3, 14, 14];

/** Printed lines, without colours. */
function linesOf(log: string): string[] {
  return stripVTControlCharacters(log)
    .split("\n")
    .map((line) => line.trimEnd());
}

/** An error's lines; the first says what and, where Vitest knows, during which test. */
function told(lines: readonly string[]): string[] {
  const found = (pattern: RegExp): string[] =>
    lines.flatMap((line) => pattern.exec(line)?.[1] ?? []).slice(0, 1);
  const during = [...found(FILE), ...found(TEST)].join(" > ");
  const [first = "an error without a message", ...more] = lines.filter(
    (line) => !NOISE.test(line) && !FILE.test(line) && !TEST.test(line),
  );
  const rest = more.slice(0, LINES - 1);
  return [
    `${first}${during === "" ? "" : ` (during ${during})`}`,
    ...rest.map((line) => `  ${line}`),
  ];
}

/**
 * Errors outside of tests, as lines.
 *
 * @param log what Vitest printed
 * @returns of the first line alone: the first error, and how many there are besides. Empty for none.
 */
export function errorsOutside(log: string): string[] {
  const errors: string[][] = [];
  let isInside = false;
  for (const line of linesOf(log)) {
    if (TITLE.test(line)) {
      errors.push([]);
      isInside = true;
    } else if (END.test(line)) {
      isInside = false;
    } else if (isInside) {
      errors.at(-1)?.push(line);
    }
  }
  const [[first = "", ...rest] = [], ...others] = errors.map(told);
  const left = others.length - (ERRORS - 1);
  return errors.length === 0
    ? []
    : [
        others.length === 0 ? first : `${first}, and ${others.length} more`,
        ...rest,
        ...others.slice(0, ERRORS - 1).flat(),
        ...(left > 0 ? [`… and ${left} more in the log`] : []),
      ];
}

/** The end of a log that names no error, as lines, the first alone in short; none of an empty log. */
export function endOf(log: string): string[] {
  const lines = linesOf(log).filter((line) => line !== "");
  const last = lines.slice(-TAIL);
  const [trouble = last.at(-1)] = lines.filter((line) => TROUBLE.test(line));
  return trouble === undefined
    ? []
    : [`its log says: ${trouble.trim()}`, ...last.map((line) => `  ${line}`)];
}
