/** `report.md`: what was asked, on what it ran, what came of it, and what can be said of that. Pure. */
import { AA } from "./model.ts";
import { cellsOf } from "./order.ts";
import type { Results } from "./results.ts";
import { CONFIDENCE, FEWEST, spreadOf } from "./stats.ts";
import {
  statisticsFor,
  whyVoid,
  type Comparison,
  type Statistics,
  type Summary,
} from "./summary.ts";
import { count, number, plain, table, unitOf, withInterval, withoutUnit } from "./text.ts";

const PERCENT = `${CONFIDENCE * 100} %`;

/** The whole report. */
export function report(results: Results, summary: Summary): string {
  const { description } = results;
  const parts = [
    `# ${plain(description.name)}`,
    "<!-- Written by make figures from the cells beside it. -->",
    plain(description.question),
    `## What was found\n\n${claims(results, summary)}`,
    pictures(results),
    `## How it was measured\n\n${method(results, summary)}`,
    `## Values\n\n${values(results, summary)}`,
    `## Spread\n\n${spread(results, summary)}`,
    `## Invariants\n\n${invariants(results)}`,
    told(results),
    published(results),
    `## Machine and versions\n\n${machine(results)}`,
    `## Data\n\n${data(results)}`,
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** The names of all plots of a run, as their files. */
export function plotFiles({ description }: Results): readonly string[] {
  return description.plots.map(({ name }) => `${name}.svg`);
}

function labelOf({ description }: Results, measure: string): string {
  return description.measures.find(({ name }) => name === measure)?.label ?? measure;
}

function claims(results: Results, summary: Summary): string {
  const { comparisons, cells } = summary;
  if (cells.length === 0) {
    return "Nothing yet: no cell is finished.";
  }
  const made = comparisons.filter(({ isClaim }) => isClaim);
  const others = comparisons.filter(({ isClaim }) => !isClaim);
  return [
    made.length === 0
      ? "No difference between variants is a claim."
      : list(made.map((comparison) => claim(results, summary, comparison))),
    ...(others.length === 0 ? [] : ["No claim is made of:", list(noClaims(results, others))]),
  ].join("\n\n");
}

function claim(results: Results, summary: Summary, comparison: Comparison): string {
  const { measure, baseline, variant, effect, spread = NaN } = comparison;
  const label = plain(withoutUnit(labelOf(results, measure)));
  const unit = unitOf(labelOf(results, measure));
  const amount = (text: string): string => (unit === "" ? text : `${text} ${plain(unit)}`);
  const median = (of: string): string =>
    amount(number(statisticsFor(summary, measure, of).median ?? NaN));
  const [by, limit] =
    effect.kind === "ratio"
      ? [`${withInterval(effect.value, effect.interval)} times`, `a factor of ${number(spread)}`]
      : [
          `${amount(withInterval(Math.abs(effect.value), absolute(effect.interval)))} ` +
            (effect.value < 0 ? "less" : "more"),
          amount(number(spread)),
        ];
  return (
    `${label}: median ${median(variant)} with ${plain(variant)}, ` +
    `${median(baseline)} with ${plain(baseline)}: ${by}; the A/A spread is ${limit}.`
  );
}

function absolute(interval: Comparison["effect"]["interval"]): typeof interval {
  const ends = interval && [Math.abs(interval.low), Math.abs(interval.high)];
  return ends && { low: Math.min(...ends), high: Math.max(...ends) };
}

/** What is no claim, those for the same reason in one line. */
function noClaims(results: Results, comparisons: readonly Comparison[]): readonly string[] {
  const lines = new Map<string, string[]>();
  for (const { measure, baseline, variant, reason = "" } of comparisons) {
    const label = plain(withoutUnit(labelOf(results, measure)));
    const pair = `${plain(variant)} against ${plain(baseline)}`;
    const key = JSON.stringify([label, plain(reason)]);
    lines.set(key, [...(lines.get(key) ?? []), pair]);
  }
  return [...lines].map(([key, pairs]) => {
    const [label = "", reason = ""] = JSON.parse(key) as string[];
    return `${label}, ${pairs.join(", ")}: ${reason}.`;
  });
}

function pictures({ description }: Results): string {
  return description.plots.map(({ name, title }) => `![${plain(title)}](${name}.svg)`).join("\n\n");
}

function method({ description, cells: all }: Results, { cells, voided }: Summary): string {
  const { variants, repeats, load, tail } = description;
  const fewer = variants.flatMap(({ name, repeats: own = repeats }) =>
    own < repeats ? [`${plain(name)} ${count(own, "time")}`] : [],
  );
  const votes = load.votesPerSecond > 0 ? ` and ${count(load.votesPerSecond, "vote")}` : "";
  const latest = Math.max(0, ...all.map(({ generator }) => generator.latestStartSeconds));
  const busiest = Math.max(0, ...all.map(({ generator }) => generator.cpuShare));
  return [
    `${count(variants.length, "variant")} took turns, ${count(repeats, "time")} each` +
      `${fewer.length === 0 ? "" : ` (${fewer.join(", ")})`}: ` +
      `${all.length} of ${count(cellsOf(description).length, "cell")} finished. ` +
      `${rates(load)}${votes} a second at a constant open rate` +
      `${load.connections === "kept" ? ", over connections that are kept" : ""}; ` +
      `a request without an answer after ${load.timeoutSeconds} s failed; ` +
      `the load went on for ${tail} s after the last event.`,
    table(
      ["Variant", "Meaning", "Settings", "Cells"],
      variants.map(({ name, label, settings, target }) => [
        plain(name),
        plain(label),
        plain(settingsOf(settings) + askedAt(target)),
        String(cells.filter(({ variant }) => variant === name).length),
      ]),
    ),
    ...(all.length === 0
      ? []
      : [
          `The load generator used at most ${number(busiest * 100)} % of a core, ` +
            `and sent its latest request ${number(latest * 1000)} ms after its moment.`,
        ]),
    ...(voided.length === 0
      ? []
      : [
          "Cells that do not count:",
          list(
            voided.map(
              (cell) =>
                `**${plain(`${cell.variant}-${cell.repeat}`)}:** ${plain(whyVoid(cell).join("; "))}`,
            ),
          ),
        ]),
  ].join("\n\n");
}

/** What visitors ask in place of the site's own addresses. */
function askedAt(target: Results["description"]["variants"][number]["target"]): string {
  switch (target?.kind) {
    case undefined:
      return "";
    case "ingress":
      return `; asked: the ingress of ${target.machine}`;
    case "pod":
      return `; asked: the pod on ${target.machine} itself`;
  }
}

function rates({ visitsPerSecond, stages }: Results["description"]["load"]): string {
  if (stages === undefined) {
    return count(visitsPerSecond, "visit");
  }
  const lengths = [...new Set(stages.map(({ seconds }) => seconds))];
  const each = stages.map((stage) => stage.visitsPerSecond).join(", ");
  return `in stages of ${lengths.join(" or ")} s ${each} visits`;
}

function settingsOf(settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string {
  const lines = Object.entries(settings).flatMap(([section, fields]) =>
    Object.entries(fields).map(([key, value]) => `${section}.${key}: ${JSON.stringify(value)}`),
  );
  return lines.length === 0 ? "as they are" : lines.join(", ");
}

function values(results: Results, summary: Summary): string {
  const { measures, variants } = results.description;
  return measures
    .map(
      ({ name, label }) =>
        `### ${plain(label)}\n\n${table(
          ["Variant", `Median (${PERCENT} interval)`, "Mean", "Lowest", "Highest", "n"],
          variants.map((variant) => row(statisticsFor(summary, name, variant.name))),
        )}`,
    )
    .join("\n\n");
}

function row({ variant, values: all, without, interval, ...of }: Statistics): readonly string[] {
  const shown = (value: number | undefined): string => (value === undefined ? "–" : number(value));
  return [
    plain(variant),
    of.median === undefined ? "–" : withInterval(of.median, interval),
    ...[shown(of.mean), shown(of.min), shown(of.max)],
    without.length === 0 ? String(all.length) : `${all.length}, ${without.length} without a value`,
  ];
}

function spread(results: Results, { pairs }: Summary): string {
  const first = results.description.variants[0]?.name ?? "";
  if (pairs.length === 0) {
    return `The run has no variant ${AA} that is a second copy of ${plain(first)}, so no difference is a claim.`;
  }
  return [
    `${plain(AA)} is a second copy of ${plain(first)}: what differs between them is chance. ` +
      `A difference between variants is a claim only if its ${PERCENT} interval excludes no difference and it is ` +
      `larger than what the interval of this pair leaves possible. Intervals are those of a percentile bootstrap; ` +
      `fewer than ${FEWEST} values have none. Measures with a value of 0 are compared by difference, ` +
      `all others by ratio. Each interval stands for itself: with 20 comparisons of equal things, ` +
      `one is expected to exclude no difference, which the spread is to catch.`,
    table(
      ["Measure", `${plain(AA)} against ${plain(first)} (${PERCENT} interval)`, "Spread"],
      pairs.map(({ measure, effect }) => {
        const largest = spreadOf(effect);
        return [
          plain(labelOf(results, measure)),
          `${effect.kind === "ratio" ? "× " : "+ "}${withInterval(effect.value, effect.interval)}`,
          largest === undefined
            ? "–"
            : `${effect.kind === "ratio" ? "× " : "± "}${number(largest)}`,
        ];
      }),
    ),
  ].join("\n\n");
}

function invariants({ description, cells }: Results): string {
  const names = list(description.invariants.map(plain));
  const broken = cells.flatMap((cell) =>
    cell.broken.map((what) => `**${plain(`${cell.variant}-${cell.repeat}`)}:** ${plain(what)}`),
  );
  if (description.invariants.length === 0) {
    return "None were checked.";
  }
  return broken.length === 0
    ? `All held in ${count(cells.length, "cell")}:\n\n${names}`
    : `Checked in ${count(cells.length, "cell")}:\n\n${names}\n\nBroken:\n\n${list(broken)}`;
}

/** What faults told of themselves. */
function told({ cells }: Results): string {
  const lines = cells.flatMap((cell) =>
    (cell.notes ?? []).map(
      ({ at, text }) =>
        `**${plain(`${cell.variant}-${cell.repeat}`)}**, ${number(at)} s: ${plain(text)}`,
    ),
  );
  return lines.length === 0 ? "" : `## Notes\n\n${list(lines)}`;
}

function published({ description }: Results): string {
  return description.published.length === 0
    ? ""
    : `## What others found\n\n${table(
        ["What", "Found", "Source"],
        description.published.map(({ what, found, source }) => [what, found, source].map(plain)),
      )}\n\nMeasured elsewhere, on other machines: to be read beside this run, not against it.`;
}

function machine({ environment }: Results): string {
  const { date, site, machine: here, load, stealShare, versions = {} } = environment;
  const { toolchain = [], images = [] } = environment;
  const rows: (readonly [string, unknown])[] = [
    ["date", date],
    ...(site === undefined ? [] : [["site", site] as const]),
    ...Object.entries(here),
    ["load average of 1, 5 and 15 minutes at the start", load.join(", ")],
    ...(stealShare === undefined
      ? []
      : [["steal at the start, %", number(stealShare * 100)] as const]),
    ...Object.entries(versions),
  ];
  const parts = [
    ...toolchain,
    ...images.map(({ image, version = "", source }) => ({
      ...{
        part: `image ${image}`,
        version,
        source: source === "built" ? "stand-in, built" : source,
      },
    })),
  ];
  const standIns = parts.filter(({ source }) => source.startsWith("stand-in"));
  return [
    table(
      ["What", "Value"],
      rows.map(([what, value]) => [plain(what), plain(String(value))]),
    ),
    ...(parts.length === 0
      ? ["No parts are recorded."]
      : [
          standIns.length === 0
            ? "No part is a stand-in."
            : "Stand-ins, so that values with the official parts may differ: " +
              `${standIns.map(({ part, version }) => plain(`${part} ${version}`.trim())).join(", ")}.`,
          `<details><summary>${count(parts.length, "part")}</summary>`,
          table(
            ["Part", "Version", "Source"],
            parts.map(({ part, version, source }) => [part, version, source].map(plain)),
          ),
          "</details>",
        ]),
  ].join("\n\n");
}

function data(results: Results): string {
  const { cells } = results;
  return [
    list([
      "[cells.csv](cells.csv): each value of each cell",
      "[summary.json](summary.json): statistics and comparisons",
      "[experiment.json](experiment.json), [environment.json](environment.json): what was asked, on what it ran",
      ...plotFiles(results).map((file) => `[${file}](${file})`),
    ]),
    ...(cells.length === 0
      ? []
      : [
          `<details><summary>${count(cells.length, "cell")}</summary>`,
          table(
            ["Cell", "Started", "Values", "Requests", "Events"],
            cells.map(({ variant, repeat, startedAt, folder }) => [
              plain(`${variant}-${repeat}`),
              plain(startedAt),
              `[cell.json](${folder}/cell.json)`,
              `[visits.csv.gz](${folder}/visits.csv.gz)`,
              `[marks.csv](${folder}/marks.csv)`,
            ]),
          ),
          "</details>",
        ]),
  ].join("\n\n");
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}
