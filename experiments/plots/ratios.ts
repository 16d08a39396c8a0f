/** Each variant against the first: a row per variant, a panel per measure, what an A/A pair leaves possible shaded. */
import type { Mark } from "vega";

import type { Results } from "../results.ts";
import type { Comparison, Summary } from "../summary.ts";
import { withInterval, withoutUnit } from "../text.ts";
import type { Picture } from "./draw.ts";
import type { RatiosPlot } from "./plot.ts";
import { INNER, LEFT, rowLabel } from "./rows.ts";
import {
  axis,
  INK,
  legend,
  logarithmic,
  looks,
  MARGIN,
  MEDIUM,
  MUTED,
  PAPER,
  page,
  panel,
  scale,
  text,
  top,
  WIDTH,
  type Extent,
  type Look,
} from "./style.ts";

const ROW = 34;
const HEADING = 30;

export function ratios(plot: RatiosPlot, { description }: Results, summary: Summary): Picture {
  const labels = new Map(description.variants.map(({ name, label }) => [name, label]));
  const labelOf = (name: string): string => labels.get(name) ?? name;
  const panels = plot.measures.flatMap((measure) => {
    const rows = summary.comparisons.filter(
      (each) => each.measure === measure && each.effect.kind === "ratio",
    );
    const label = description.measures.find(({ name }) => name === measure)?.label ?? measure;
    return rows.length === 0 ? [] : [{ label: withoutUnit(label), rows }];
  });
  const baselines = [
    ...new Set(panels.flatMap(({ rows }) => rows.map(({ baseline }) => baseline))),
  ];
  const [only = ""] = baselines;
  // Where variants have baselines of their own, each row names its own.
  const first = baselines.length > 1 ? "its baseline" : labelOf(only);
  const nameOf = ({ variant, baseline }: Comparison): string =>
    baselines.length > 1 ? `${labelOf(variant)} / ${labelOf(baseline)}` : labelOf(variant);
  const extent = extentOf(panels.flatMap(({ rows }) => rows));
  const subtitle = [
    `Median divided by that of ${first}, with its 95 % interval. Shaded: what the A/A pair leaves possible.`,
    "Logarithmic axis.",
  ];
  const colours = looks(description);
  const begin = top(subtitle) + 12;
  const start = begin + 16;
  let y = start;
  const marks = panels.flatMap(({ label, rows }, n) => {
    const at = y;
    y += HEADING + rows.length * ROW;
    return [
      text(label, MARGIN, at + 20, { size: MEDIUM, bold: true }),
      rowsPanel(at + HEADING, rows, extent, n === panels.length - 1, colours),
      ...rows.flatMap((row, index) => {
        const { effect } = row;
        const middle = at + HEADING + (index + 0.5) * ROW;
        const ratio = `× ${withInterval(effect.value, effect.interval)}`;
        return [
          rowLabel(nameOf(row), middle),
          text(ratio, WIDTH - MARGIN, middle, { align: "right", baseline: "middle" }),
        ];
      }),
    ];
  });
  const axisTitle = text(`ratio to ${first}`, MARGIN + LEFT + INNER / 2, y + 44, {
    ...{ size: MEDIUM, colour: MUTED, align: "center" },
  });
  const key = legend(
    [
      { look: { colour: INK, shape: "circle" }, label: "a claim" },
      { look: { colour: INK, shape: "circle", fill: PAPER }, label: "no claim" },
    ],
    MARGIN + LEFT,
    begin,
  );
  return {
    spec: page(y + 60, plot.title, subtitle, [...key, ...marks, axisTitle]),
    title: plot.title,
    description: panels
      .flatMap(({ label, rows }) =>
        rows.map(
          ({ variant, baseline, effect, isClaim }) =>
            `${label}, ${labelOf(variant)}: ${withInterval(effect.value, effect.interval)} times ` +
            `that of ${labelOf(baseline)}, ${isClaim ? "a claim" : "no claim"}.`,
        ),
      )
      .join(" "),
  };
}

/** Holds all intervals, all spreads and 1, and at least half to double. */
function extentOf(rows: readonly Comparison[]): Extent {
  const values = rows.flatMap(({ effect: { value, interval }, spread = 1 }) => [
    ...[value, interval?.low ?? value, interval?.high ?? value],
    ...[spread, 1 / spread],
  ]);
  return logarithmic(Math.min(0.5, ...values), Math.max(2, ...values));
}

function rowsPanel(
  y: number,
  rows: readonly Comparison[],
  extent: Extent,
  isLast: boolean,
  colours: ReadonlyMap<string, Look>,
): Mark {
  const height = rows.length * ROW;
  const values = rows.map(({ variant, effect: { value, interval }, isClaim }, index) => {
    const colour = colours.get(variant)?.colour ?? INK;
    return {
      ...{ value, low: interval?.low ?? value, high: interval?.high ?? value, colour },
      ...{ y: (index + 0.5) * ROW, fill: isClaim ? colour : PAPER },
    };
  });
  const spread = rows[0]?.spread;
  const common = { from: { data: "rows" }, aria: false, interactive: false };
  return panel(MARGIN + LEFT, y, {
    ...{ width: INNER, height },
    scales: [scale("x", extent, INNER)],
    axes: [axis("x", extent, isLast)],
    data: [
      { name: "rows", values },
      { name: "spread", values: spread === undefined ? [] : [{ low: 1 / spread, high: spread }] },
      { name: "one", values: [{ value: 1 }] },
    ],
    marks: [
      {
        ...{ type: "rect", from: { data: "spread" }, aria: false, interactive: false },
        encode: {
          enter: {
            ...{ x: { scale: "x", field: "low" }, x2: { scale: "x", field: "high" } },
            ...{ y: { value: 0 }, y2: { value: height } },
            ...{ fill: { value: INK }, fillOpacity: { value: 0.1 } },
          },
        },
      },
      {
        ...{ type: "rule", from: { data: "one" }, aria: false, interactive: false },
        encode: {
          enter: {
            ...{ x: { scale: "x", field: "value" }, y: { value: 0 }, y2: { value: height } },
            ...{ stroke: { value: INK }, strokeWidth: { value: 1 } },
          },
        },
      },
      {
        ...{ type: "rule", ...common },
        encode: {
          enter: {
            ...{ x: { scale: "x", field: "low" }, x2: { scale: "x", field: "high" } },
            ...{ y: { field: "y" }, stroke: { field: "colour" }, strokeWidth: { value: 2 } },
          },
        },
      },
      {
        ...{ type: "symbol", ...common },
        encode: {
          enter: {
            ...{ x: { scale: "x", field: "value" }, y: { field: "y" }, size: { value: 90 } },
            ...{ shape: { value: "circle" }, fill: { field: "fill" } },
            ...{ stroke: { field: "colour" }, strokeWidth: { value: 2 } },
          },
        },
      },
    ],
  });
}
