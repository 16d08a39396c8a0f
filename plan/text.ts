/** Pieces of Markdown that hold what others wrote, without letting it speak Markdown. */
import { hideSeals } from "./seal.ts";

/** Longest value that is shown whole, characters. */
const LONGEST = 160;

/** A value as code: nothing in it is Markdown, HTML or a mention, and no secret is shown. */
export function code(value: unknown): string {
  const text = shorten(hideSeals(typeof value === "string" ? value : JSON.stringify(value)));
  const inner = text.replaceAll(/\s*\n\s*/g, " ⏎ ");
  const fence = "`".repeat(longestRun(inner) + 1);
  const pad = inner.startsWith("`") || inner.endsWith("`") || inner === "" ? " " : "";
  return `${fence}${pad}${inner}${pad}${fence}`;
}

/**
 * A code span, as CommonMark has it (from a run of backticks to the next of the same length), or a
 * character that means something outside of one.
 */
const CODE_OR_SIGN = /(?<!`)(`+)(?!`)[^]*?[^`]\1(?!`)|[<>[\]*_#\\@]/g;

/** A sentence that contains foreign text: only its code spans are Markdown. */
export function prose(text: string): string {
  const line = hideSeals(text).replaceAll(/\s*\n\s*/g, " ");
  return line.replaceAll(CODE_OR_SIGN, (found) => {
    if (found.length > 1) {
      return found;
    }
    // A digest is nobody to be notified: a character of no width ends the mention.
    return found === "@" ? "@\u200b" : `\\${found}`;
  });
}

/** A block of lines that keeps its shape. */
export function block(language: string, lines: readonly string[]): string {
  const fence = "`".repeat(Math.max(3, longestRun(lines.join("\n")) + 1));
  return [`${fence}${language}`, ...lines.map(hideSeals), fence].join("\n");
}

/** A table with a head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n");
}

/** A part that is folded until someone wants it. */
export function folded(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** `1 problem`, `2 problems`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
