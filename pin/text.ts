/** A run's report for a terminal. */
import { relative } from "node:path";

import type { Failed, Found, Report } from "./pin.ts";

/**
 * What was found, changed and not found.
 *
 * @param top folder that paths are told from
 * @param check nothing was written
 */
export function reportText(report: Report, top: string, check: boolean): string {
  const { files, moved, unknown } = report;
  const changed = files.flatMap(({ found }) => found.filter(isChange));
  const failed = files.flatMap((file) => file.failed);
  const lines = [
    ...files.flatMap(({ path, found }) => [
      relative(top, path),
      ...found.flatMap((each) => foundLines(each)),
    ]),
    ...(moved.length === 0
      ? []
      : [
          "Pinned by apps, and their tags lead elsewhere today (change them there, when that is wanted)",
          ...moved.flatMap((each) => foundLines(each)),
        ]),
    ...failures("Pinned by apps, and not compared", unknown),
    ...failures("Not found", failed),
    ...(changed.some(({ isSum, old }) => isSum && old !== undefined)
      ? [
          "A sum that was pinned has changed. That is right after its version or address has; a release itself",
          "never changes: otherwise find out why before you use it.",
        ]
      : []),
    summary(changed, failed, check),
  ];
  return `${lines.join("\n")}\n`;
}

function foundLines(found: Found): string[] {
  const { label, old, value, source } = found;
  return isChange(found)
    ? [
        `  ${old === undefined ? "+" : "~"} ${label}`,
        `      ${old ?? "none"}`,
        `   -> ${value}`,
        `      ${source}`,
      ]
    : [`  = ${label}: ${source}`];
}

/** Grouped by what went wrong: without a network it is one reason for all. */
function failures(title: string, failed: readonly Failed[]): string[] {
  const groups = new Map<string, Failed[]>();
  for (const each of failed) {
    const reason = `  ! ${each.error.problem}\n      fix: ${each.error.fix}`;
    groups.set(reason, [...(groups.get(reason) ?? []), each]);
  }
  const lines = [...groups].flatMap(([reason, members]) => [
    reason,
    ...members.map(
      ({ label, error }) => `      ${label}${error.url === "" ? "" : ": "}${error.url}`,
    ),
  ]);
  return failed.length === 0 ? [] : [title, ...lines];
}

function summary(changed: readonly Found[], failed: readonly Failed[], check: boolean): string {
  const done = check ? "would change; nothing was written" : "written";
  const first = changed.length === 0 ? "nothing to change" : `${count(changed.length)} ${done}`;
  return failed.length === 0 ? `${first}.` : `${first}; ${count(failed.length)} not found.`;
}

function count(n: number): string {
  return `${n} value${n === 1 ? "" : "s"}`;
}

function isChange({ old, value }: Found): boolean {
  return old !== value;
}
