/** A measure over a number that the variants differ by: lines of medians with bands of their intervals. */
import type { Mark } from "vega";

import type { Results } from "../results.ts";
import type { Interval } from "../stats.ts";
import { statisticsFor, type Summary } from "../summary.ts";
import { withInterval } from "../text.ts";
import type { Picture } from "./draw.ts";
import type { LinesPlot } from "./plot.ts";
import {
  axis,
  extentOf,
  legend,
  look,
  MARGIN,
  MEDIUM,
  MUTED,
  page,
  panel,
  scale,
  text,
  top,
  WIDTH,
  widthOf,
  type Extent,
  type Look,
} from "./style.ts";

/** Space for the values of the vertical axis and its title, px. */
const LEFT = 64;
const GAP = 32;
const HEIGHT = 300;
const ROW = 22;

/** A point that has a value. */
interface Placed {
  readonly panel: string;
  readonly line: string;
  readonly x: number;
  readonly median: number;
  readonly interval: Interval | undefined;
}

export function lines(plot: LinesPlot, _results: Results, summary: Summary): Picture {
  const points = plot.points.flatMap(({ variant, measure = plot.measure, ...place }): Placed[] => {
    const { median, interval } = statisticsFor(summary, measure, variant);
    return median === undefined ? [] : [{ ...place, median, interval }];
  });
  const names = distinct(plot.points.map(({ line }) => line));
  const panels = distinct(plot.points.map((point) => point.panel));
  const entries = rowsOf(names.map((label, n) => ({ look: look(n), label })));
  const extent = extentOf(
    points.length === 0
      ? [0, 1]
      : points.flatMap(({ median, interval = { low: median, high: median } }) => [
          interval.low,
          interval.high,
        ]),
  );
  const subtitle = [
    "Lines are medians over repetitions, bands their 95 % intervals." +
      (extent.type === "log" ? " Logarithmic axis." : ""),
  ];
  const begin = top(subtitle) + 14;
  const y = begin + entries.length * ROW + 30;
  const width = (WIDTH - 2 * MARGIN - LEFT - (panels.length - 1) * GAP) / panels.length;
  const xs = horizontal(plot.points.map(({ x }) => x));
  const axisTitle = { size: MEDIUM, colour: MUTED, align: "center" } as const;
  const marks = [
    ...entries.flatMap((row, n) => legend(row, MARGIN + LEFT, begin + n * ROW)),
    text(plot.yAxis, MARGIN + 12, y + HEIGHT / 2, { ...axisTitle, angle: -90 }),
    ...panels.flatMap((name, n) => {
      const x = MARGIN + LEFT + n * (width + GAP);
      const own = points.filter((point) => point.panel === name);
      return [
        text(name, x, y - 12, { size: MEDIUM, bold: true }),
        linesPanel([x, y, width], own, names, { x: xs, y: extent }, n === 0),
        text(plot.xAxis, x + width / 2, y + HEIGHT + 42, axisTitle),
      ];
    }),
  ];
  return {
    spec: page(y + HEIGHT + 60, plot.title, subtitle, marks),
    title: plot.title,
    description: `${plot.yAxis} by ${plot.xAxis}. ${points
      .map(
        ({ panel: of, line, x, median, interval }) =>
          `${of}, ${line}, ${x}: ${withInterval(median, interval)}.`,
      )
      .join(" ")}`,
  };
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

type Entry = { readonly look: Look; readonly label: string };

/** Legend entries in rows that fit. */
function rowsOf(entries: readonly Entry[]): readonly Entry[][] {
  const rows: Entry[][] = [];
  let used = Infinity;
  for (const entry of entries) {
    const width = widthOf(entry.label) + 44;
    if (used + width > WIDTH - 2 * MARGIN - LEFT) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(entry);
    used += width;
  }
  return rows;
}

/** The numbers themselves are the ticks; a tenth of their range is free at both ends. */
function horizontal(values: readonly number[]): Extent {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)];
  const free = (high - low) / 10 || 1;
  return { type: "linear", domain: [low - free, high + free], ticks };
}

function linesPanel(
  [x, y, width]: readonly [number, number, number],
  points: readonly Placed[],
  names: readonly string[],
  extents: { readonly x: Extent; readonly y: Extent },
  isFirst: boolean,
): Mark {
  const series = names.map((name, n) => ({
    ...look(n),
    name: `line${n}`,
    values: points.filter((point) => point.line === name).sort((a, b) => a.x - b.x),
  }));
  return panel(x, y, {
    ...{ width, height: HEIGHT },
    scales: [scale("x", extents.x, width), scale("y", extents.y, HEIGHT)],
    axes: [axis("y", extents.y, isFirst), axis("x", extents.x)],
    data: series.map(({ name, values }) => ({
      name,
      values: values.map(({ x: at, median, interval }) => ({
        ...{ x: at, median, low: interval?.low ?? median, high: interval?.high ?? median },
      })),
    })),
    marks: series.flatMap(({ name, colour, shape }): Mark[] => {
      const place = { x: { scale: "x", field: "x" }, y: { scale: "y", field: "median" } };
      const common = { from: { data: name }, aria: false, interactive: false };
      return [
        {
          ...{ type: "area", ...common },
          encode: {
            enter: {
              ...{ x: place.x, y: { scale: "y", field: "low" }, y2: { scale: "y", field: "high" } },
              ...{ fill: { value: colour }, fillOpacity: { value: 0.18 } },
            },
          },
        },
        {
          ...{ type: "line", ...common },
          encode: {
            enter: { ...place, stroke: { value: colour }, strokeWidth: { value: 2 } },
          },
        },
        {
          ...{ type: "symbol", ...common },
          encode: {
            enter: {
              ...{ ...place, size: { value: 60 }, shape: { value: shape } },
              ...{ fill: { value: colour }, stroke: { value: "#ffffff" } },
            },
          },
        },
      ];
    }),
  });
}
