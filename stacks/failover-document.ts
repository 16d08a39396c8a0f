/** The tables of docs/failover.md, from the timers and their arithmetic. Pure. */
import { sumOf, untilDropped, untilReplaced, type Stage } from "../config/failover-chain.ts";
import { PROFILES, TIMER_NAMES, TIMERS, timersOf, type Timers } from "../config/failover.ts";
import { markdown, tableOf } from "./markdown-table.ts";

/** The document with its tables in their places. @throws Error when it lacks a place */
export function failoverDocument(text: string): string {
  const file = "docs/failover.md";
  return tableOf(file, tableOf(file, text, "chain", chainTable()), "timers", timersTable());
}

function timersTable(): string {
  const rows = TIMER_NAMES.map((name) => {
    const { meaning, unit, values, why, source } = TIMERS[name];
    return [
      `\`${name}\``,
      `${meaning}${unit === "number" ? "" : `, ${unit}`}`,
      ...PROFILES.map((profile) => String(values[profile])),
      why,
      source,
    ];
  });
  const head = ["Setting", "Meaning", ...PROFILES.map(code), "Why in `fast`", "Source of `stock`"];
  return markdown([head, ...rows]);
}

function chainTable(): string {
  const all = PROFILES.map((profile) => timersOf({ profile }));
  const rows = (stagesOf: (timers: Timers) => Stage[]): string[][] =>
    transposed(all.map(stagesOf)).map(([first, ...others]) => [
      first?.name ?? "",
      ...[first, ...others].map((stage) => String(stage?.seconds ?? "")),
    ]);
  const sums = (name: string, stagesOf: (timers: Timers) => Stage[]): string[] => [
    `**${name}**`,
    ...all.map((timers) => `**${sumOf(stagesOf(timers))}**`),
  ];
  return markdown([
    ["Stage, seconds at worst", ...PROFILES.map(code)],
    ...rows(untilDropped),
    sums("endpoints dropped", untilDropped),
    ...rows(untilReplaced),
    sums("replacement Ready", (timers) => [...untilDropped(timers), ...untilReplaced(timers)]),
  ]);
}

function transposed<T>(columns: readonly (readonly T[])[]): T[][] {
  return (columns[0] ?? []).map((_, row) => columns.flatMap((column) => column[row] ?? []));
}

function code(text: string): string {
  return `\`${text}\``;
}
