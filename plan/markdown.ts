/** A plan as Markdown: dangers first, long parts folded, fit for a comment on a pull request. */
import { money } from "../policy/budget.ts";
import type { Cost } from "../policy/cost.ts";
import { cores } from "./markdown-cores.ts";
import { firewallTable } from "./markdown-firewall.ts";
import { differenceSection } from "./markdown-difference.ts";
import { imageSection } from "./markdown-images.ts";
import type { PolicyResult, Report, View } from "./report.ts";
import { block, code, count, folded, prose, table } from "./text.ts";
import { treeOf } from "./tree.ts";

/** The whole plan. */
export function markdown(report: Report): string {
  const { view, difference } = report;
  const parts = [
    title(report),
    dangers(report),
    summary(report),
    ...report.notes.map((note) => `> ${prose(note)}`),
    problems(report),
    missing(report),
    ...(difference ? [differenceSection(difference)] : []),
    ...(view ? sections(view, report.costBefore) : []),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function title({ stack, base }: Report): string {
  const against = base === undefined ? "" : ` against ${code(base.ref)} (${base.commit})`;
  return `## Plan of stack ${code(stack)}${against}`;
}

function dangers(report: Report): string {
  return report.dangers
    .map(({ level, text }) => `- ${level === "stop" ? "⛔ **" : "⚠️ **"}${prose(text)}**`)
    .join("\n");
}

function summary({ view, difference, costBefore, problems: wrong, failure }: Report): string {
  if (view === undefined) {
    return failure === undefined
      ? `❌ **The stack's settings have ${count(wrong.length, "problem")}; nothing can be planned.**`
      : "❌ **The program fails; nothing can be planned.**";
  }
  const broken = view.policies.flatMap(({ violations }) => violations).length;
  const counts =
    difference === undefined
      ? [count(view.resources.length, "resource")]
      : [
          `${difference.created.length} created`,
          `${difference.changed.length} changed`,
          `${difference.replaced.length} replaced`,
          `${difference.destroyed.length} destroyed`,
          `${difference.unchanged} unchanged`,
        ];
  return [
    ...counts,
    ...(view.cost ? [costWithChange(view.cost, costBefore)] : []),
    broken === 0 ? "policies kept ✅" : `❌ ${count(broken, "policy violation")}`,
  ].join(" · ");
}

function problems({ problems: wrong, failure }: Report): string {
  if (failure !== undefined) {
    return block("text", failure.split("\n"));
  }
  return listOf(wrong);
}

function missing({ placeholders: values }: Report): string {
  return values.length === 0
    ? ""
    : `✏️ **${count(values.length, "value")} still to be filled in: \`pulumi up\` refuses the stack until then.**\n\n${listOf(values)}`;
}

function listOf(found: Report["problems"]): string {
  return found
    .map(({ path, rule, fix }) => `- ${code(path)}: ${prose(rule)}\n  - fix: ${prose(fix)}`)
    .join("\n");
}

function sections(view: View, costBefore: number | undefined): string[] {
  return [
    `### Firewall\n\n${firewallTable(view.firewall, view.closed)}`,
    `### Addresses\n\n${addresses(view)}`,
    ...(view.cores ? [`### Cores\n\n${cores(view.cores)}`] : []),
    ...(view.cost ? [`### Cost per month\n\n${cost(view.cost, costBefore)}`] : []),
    imageSection(view),
    `### Policies\n\n${policies(view.policies)}`,
    folded(`Resources (${view.resources.length})`, block("text", treeOf(view.resources))),
  ];
}

function addresses({ addresses: { ranges, overlay, publicAddresses } }: View): string {
  return [
    table(
      ["Range", "For"],
      ranges.map(({ what, range }) => [code(range), what]),
    ),
    table(
      ["Overlay address", "Member"],
      overlay.map(({ name, address }) => [code(address), code(name)]),
    ),
    `Public addresses, given by Azure: ${publicAddresses.map(code).join(", ") || "none"}.`,
  ].join("\n\n");
}

function cost(bill: Cost, before: number | undefined): string {
  const rows = bill.lines.map(({ item, monthly }) => [prose(item), money(monthly, bill.currency)]);
  return [
    table(["What", "Price"], [...rows, ["**together**", `**${costWithChange(bill, before)}**`]]),
    ...bill.missing.map(({ message }) => `- ❌ ${prose(message)}`),
    `Prices of ${bill.date} from ${prose(bill.source)}` +
      (bill.budget === undefined ? "." : `; the budget is ${money(bill.budget, bill.currency)}.`),
  ].join("\n\n");
}

function costWithChange({ monthly, currency }: Cost, before: number | undefined): string {
  const change = before === undefined ? 0 : monthly - before;
  // Below half a cent nothing has changed.
  return Math.abs(change) < 0.005
    ? `${money(monthly, currency)} a month`
    : `${money(monthly, currency)} a month (${change > 0 ? "+" : ""}${change.toFixed(2)})`;
}

function policies(results: readonly PolicyResult[]): string {
  return results
    .map(({ name, description, violations }) =>
      [
        `- ${violations.length === 0 ? "✅" : "❌"} ${code(name)}: ${prose(description)}`,
        ...violations.map((each) => `  - ${code(each.name)}: ${prose(each.message)}`),
      ].join("\n"),
    )
    .join("\n");
}
