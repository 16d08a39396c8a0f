/** A dot per repetition and the median as a bar: a panel per measure, a row per variant. */
import type { Mark } from "vega";

import type { Results } from "../results.ts";
import { statisticsFor, type Statistics, type Summary } from "../summary.ts";
import { unitOf, withInterval, withoutUnit } from "../text.ts";
import type { Picture } from "./draw.ts";
import type { DotsPlot } from "./plot.ts";
import { INNER, LEFT, rowLabel } from "./rows.ts";
import {
  axis,
  extentOf,
  INK,
  looks,
  MARGIN,
  MEDIUM,
  MUTED,
  page,
  PAPER,
  panel,
  scale,
  text,
  top,
  WIDTH,
  type Extent,
  type Look,
} from "./style.ts";

const ROW = 48;
const HEADING = 34;
/** Dots of one row stand this far above and below its middle, so that equal values are seen. */
const SCATTER = 11;

export function dots(plot: DotsPlot, results: Results, summary: Summary): Picture {
  const { variants, measures } = results.description;
  const panels = plot.measures.map((measure) => ({
    label: measures.find(({ name }) => name === measure)?.label ?? measure,
    rows: variants.map(({ name }) => statisticsFor(summary, measure, name)),
  }));
  const values = panels.flatMap(({ rows }) =>
    rows.flatMap((row) => row.values.map(({ value }) => value)),
  );
  const extent = extentOf(values.length === 0 ? [0, 1] : values);
  const subtitle = [
    "Each dot is one repetition; the bar is the median, the line its 95 % interval." +
      (extent.type === "log" ? " Logarithmic axis." : ""),
  ];
  const colours = looks(results.description);
  const height = HEADING + variants.length * ROW;
  const start = top(subtitle) + 10;
  const end = start + panels.length * height;
  const labels = new Map(variants.map(({ name, label }) => [name, label]));
  const marks = panels.flatMap(({ label, rows }, n) => {
    const y = start + n * height;
    return [
      text(withoutUnit(label), MARGIN, y + 20, { size: MEDIUM, bold: true }),
      ...(n === 0
        ? [text(`median (95 % interval), ${unitOf(label)}`, WIDTH - MARGIN, y + 20, right)]
        : []),
      rowsPanel(y + HEADING, rows, extent, n === panels.length - 1, colours),
      ...rows.flatMap((row, index) => {
        const middle = y + HEADING + (index + 0.5) * ROW;
        return [
          rowLabel(labels.get(row.variant) ?? row.variant, middle),
          text(valueOf(row), WIDTH - MARGIN, middle, { align: "right", baseline: "middle" }),
        ];
      }),
    ];
  });
  const axisTitle = text(plot.axis, MARGIN + LEFT + INNER / 2, end + 44, {
    ...{ size: MEDIUM, colour: MUTED, align: "center" },
  });
  return {
    spec: page(end + 60, plot.title, subtitle, [...marks, axisTitle]),
    title: plot.title,
    description: panels
      .flatMap(({ label, rows }) =>
        rows.map(
          (row) =>
            `${withoutUnit(label)}, ${labels.get(row.variant) ?? row.variant}: median ${valueOf(row)} ${unitOf(label)}.`,
        ),
      )
      .join(" "),
  };
}

const right = { colour: MUTED, align: "right" } as const;

/** The median with its interval, and how many cells have a value where not all have. */
function valueOf({ median, interval, values, without }: Statistics): string {
  const some =
    without.length === 0 ? "" : `, ${values.length} of ${values.length + without.length}`;
  return median === undefined ? `no value${some}` : `${withInterval(median, interval)}${some}`;
}

function rowsPanel(
  y: number,
  rows: readonly Statistics[],
  extent: Extent,
  isLast: boolean,
  colours: ReadonlyMap<string, Look>,
): Mark {
  const height = rows.length * ROW;
  const middle = (index: number): number => (index + 0.5) * ROW;
  const colourOf = ({ variant }: Statistics): string => colours.get(variant)?.colour ?? INK;
  const points = rows.flatMap((row, index) => {
    const last = Math.max(1, row.values.length - 1);
    return row.values.map(({ value }, n) => ({
      ...{ value, colour: colourOf(row) },
      y: middle(index) + (row.values.length === 1 ? 0 : (n / last - 0.5) * 2 * SCATTER),
    }));
  });
  const medians = rows.flatMap((row, index) =>
    row.median === undefined
      ? []
      : [{ value: row.median, y: middle(index), colour: colourOf(row) }],
  );
  const intervals = rows.flatMap(({ interval }, index) =>
    interval === undefined ? [] : [{ ...interval, y: middle(index) }],
  );
  return panel(MARGIN + LEFT, y, {
    ...{ width: INNER, height },
    scales: [scale("x", extent, INNER)],
    axes: [axis("x", extent, isLast)],
    data: [
      { name: "points", values: points },
      { name: "medians", values: medians },
      { name: "intervals", values: intervals },
    ],
    marks: [
      {
        ...{ type: "rule", from: { data: "intervals" }, aria: false, interactive: false },
        encode: {
          enter: {
            ...{ x: { scale: "x", field: "low" }, x2: { scale: "x", field: "high" } },
            ...{ y: { field: "y" }, stroke: { value: INK }, strokeWidth: { value: 1.5 } },
          },
        },
      },
      {
        ...{ type: "rule", from: { data: "medians" }, aria: false, interactive: false },
        encode: {
          enter: {
            ...{ x: { scale: "x", field: "value" }, stroke: { value: INK } },
            ...{ y: { field: "y", offset: -20 }, y2: { field: "y", offset: 20 } },
            strokeWidth: { value: 2.5 },
          },
        },
      },
      {
        ...{ type: "symbol", from: { data: "points" }, aria: false, interactive: false },
        encode: {
          enter: {
            ...{ x: { scale: "x", field: "value" }, y: { field: "y" }, size: { value: 38 } },
            ...{ shape: { value: "circle" }, fill: { field: "colour" } },
            ...{
              stroke: { value: PAPER },
              strokeWidth: { value: 0.75 },
              fillOpacity: { value: 0.9 },
            },
          },
        },
      },
    ],
  });
}
