/** A difference as Markdown: every resource, every field. */
import { writePath, type Change } from "./changes.ts";
import { AFTER_APPLY, type Changed, type Difference, type Replaced } from "./difference.ts";
import type { Planned } from "./snapshot.ts";
import { block, code, count, folded } from "./text.ts";

/** Most lines of a changed text that are shown. */
const MOST_LINES = 24;
/** From so many resources on, a list is folded. */
const MANY = 12;

/** Created, changed, replaced and destroyed resources, worst first. */
export function differenceSection(difference: Difference): string {
  const { created, changed, replaced, destroyed } = difference;
  const own = changed.filter((each) => !onlyFollows(each));
  const following = changed.filter(onlyFollows);
  const lists = [
    list("Replaced", replaced.map(replacedItem)),
    list("Destroyed", destroyed.map(destroyedItem)),
    list("Changed", own.map(changedItem)),
    list("Changed because of what is replaced", following.map(changedItem)),
    list("Created", created.map(item)),
  ].filter((part) => part !== "");
  return ["### Difference", ...(lists.length === 0 ? ["Nothing changes."] : lists)].join("\n\n");
}

function list(title: string, items: readonly string[]): string {
  if (items.length === 0) {
    return "";
  }
  const body = items.join("\n");
  return items.length > MANY
    ? folded(`${title} (${items.length})`, body)
    : `**${title}**\n\n${body}`;
}

function item({ type, name }: Planned): string {
  return `- ${code(name)} (${type})`;
}

function destroyedItem(resource: Planned): string {
  return `${item(resource)}${resource.retainOnDelete ? ": stays, no longer looked after" : ""}`;
}

function replacedItem({ after, changes, reasons }: Replaced): string {
  const forcing = [...new Map(reasons.map(({ path, why }) => [writePath(path), why])).entries()];
  return [
    item(after),
    ...forcing.map(([path, why]) => `  - because of ${code(path)}: ${why}`),
    ...changes.map(changeItem),
  ].join("\n");
}

function changedItem({ after, changes }: Changed): string {
  return [item(after), ...changes.map(changeItem)].join("\n");
}

/** Whether nothing of its own changed: it uses what is replaced. */
function onlyFollows({ changes }: Changed): boolean {
  return changes.every(({ after }) => after === AFTER_APPLY);
}

function changeItem({ path, before, after }: Change): string {
  const where = `  - ${code(writePath(path))}`;
  if (isLong(before) && isLong(after)) {
    return `${where}:\n\n${indent(textChange(before, after))}\n`;
  }
  if (before === undefined) {
    return `${where}: added, ${code(after)}`;
  }
  return after === undefined
    ? `${where}: removed, was ${code(before)}`
    : `${where}: ${code(before)} → ${after === AFTER_APPLY ? AFTER_APPLY : code(after)}`;
}

function isLong(value: unknown): value is string {
  return typeof value === "string" && value.includes("\n");
}

/** Lines that only one of two texts has; the order of unchanged ones is of no interest. */
function textChange(before: string, after: string): string {
  const gone = linesOnlyIn(before, after).map((line) => `- ${line}`);
  const come = linesOnlyIn(after, before).map((line) => `+ ${line}`);
  const lines = [...gone, ...come];
  const rest = lines.length - MOST_LINES;
  return block("diff", [
    ...lines.slice(0, MOST_LINES),
    ...(rest > 0 ? [`  and ${count(rest, "more line")}`] : []),
    ...(lines.length === 0 ? ["  the same lines in another order"] : []),
  ]);
}

function linesOnlyIn(text: string, other: string): string[] {
  const known = new Map<string, number>();
  for (const line of other.split("\n")) {
    known.set(line, (known.get(line) ?? 0) + 1);
  }
  return text.split("\n").filter((line) => {
    const left = known.get(line) ?? 0;
    known.set(line, left - 1);
    return left <= 0;
  });
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
