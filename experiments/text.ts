/** Numbers, tables and Markdown of reports. */
import type { Interval } from "./stats.ts";

/** Three digits, or all before the point: `0.00123`, `5.20`, `23.4`, `1234`; whole numbers as they are. */
export function number(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) {
    // Not -0.
    return String(Math.round(value) + 0);
  }
  const rounded = Number(value.toPrecision(3));
  // Not toPrecision's own text, which writes 1e-7: nobody reads that as a time.
  return rounded.toFixed(Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded)))));
}

/** `23.4 (22.0 to 24.9)`, or the number alone where there is no interval. */
export function withInterval(value: number, interval: Interval | undefined): string {
  return interval === undefined
    ? number(value)
    : `${number(value)} (${number(interval.low)} to ${number(interval.high)})`;
}

/** A label's unit, which stands behind its last comma; empty where it has none. */
export function unitOf(label: string): string {
  return /, ([^,]+)$/.exec(label)?.[1] ?? "";
}

/** A label without its unit. */
export function withoutUnit(label: string): string {
  return label.replace(/, [^,]+$/, "");
}

/** Text that Markdown and HTML take for nothing else. */
export function plain(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_{}[\]<>#|~@&]/g, (sign) => `\\${sign}`);
}

/** A table with a head; cells are Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** `1 cell`, `2 cells`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** Rows as RFC 4180 has them, with line feeds. */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(field).join(",")}\n`).join("");
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
