/** Every request of a cell over time, its failed ones, and what was done and seen: a panel per variant. */
import type { Mark as VegaMark } from "vega";

import { AA, type Mark, type Visit } from "../model.ts";
import { readMarks, readVisits, type Cell, type Results } from "../results.ts";
import { median, quantile } from "../stats.ts";
import { statisticsFor, type Summary } from "../summary.ts";
import { count, number } from "../text.ts";
import type { Picture } from "./draw.ts";
import type { TimelinePlot } from "./plot.ts";
import {
  axis,
  FAILED,
  INK,
  legend,
  line,
  logarithmic,
  look,
  MARGIN,
  MEDIUM,
  MUTED,
  page,
  panel,
  plate,
  scale,
  stepOf,
  text,
  top,
  WIDTH,
  widthOf,
  type Extent,
} from "./style.ts";

/** Space for the values of the vertical axis and its title, px. */
const LEFT = 72;
const INNER = WIDTH - 2 * MARGIN - LEFT;
const HEIGHT = 170;
/** A line of labels of marks. */
const ROW = 17;
const GAP = 34;

/** Shortest latency that the axis shows, seconds: 0 has no logarithm, and no answer comes sooner. */
const SHORTEST = 0.0001;

/** How requests that were answered look: visits and votes. */
const ANSWERED = {
  GET: { ...look(0), shape: "circle" },
  POST: { ...look(2), shape: "circle" },
} as const;

/** One cell; times are seconds since the first fault, or since the first request where there was none. */
interface Line {
  readonly label: string;
  readonly cell: Cell;
  readonly visits: readonly Visit[];
  /** What is drawn of those that were answered. */
  readonly dots: readonly Dot[];
  readonly marks: readonly Mark[];
}

/** One request that was answered, or all of one bin. */
interface Dot {
  readonly at: number;
  readonly method: Visit["method"];
  /** Of several the median, seconds. */
  readonly latency: number;
  /** Of several the shortest and the 95th percentile. */
  readonly spread: readonly [low: number, high: number] | undefined;
}

export function timeline(plot: TimelinePlot, results: Results, summary: Summary): Picture {
  const lines = results.description.variants
    .filter(({ name }) => plot.variants?.includes(name) ?? name !== AA)
    .flatMap(({ name, label }) => {
      const cell = middleCell(summary, plot.measure, name);
      return cell === undefined ? [] : [lineOf(results, cell, label, plot.bin)];
    });
  const visits = lines.flatMap((of) => of.visits);
  const shown = [
    ...visits.filter(isFailed).map(({ latency }) => latency),
    ...lines.flatMap(({ dots }) =>
      dots.flatMap(({ latency, spread = [latency, latency] }) => [...spread]),
    ),
  ];
  const marks = lines.flatMap((of) => of.marks);
  const fault = marks.find(({ what }) => what === "inject")?.subject;
  const extents = {
    x: across([...visits, ...marks].map(({ at }) => at)),
    y: logarithmic(...ends(shown.map((latency) => Math.max(latency, SHORTEST)))),
  };
  const measure = results.description.measures.find(({ name }) => name === plot.measure)?.label;
  const subtitle = [
    plot.bin === undefined
      ? "Each dot is a request, at the moment it was sent. Logarithmic axis."
      : `Each dot is the median of the requests of ${plot.bin} s, its line from the shortest to the 95th percentile. Logarithmic axis.`,
    `Of each variant the repetition with the median of: ${measure ?? plot.measure}.`,
  ];
  const begin = top(subtitle) + 12;
  let y = begin + 22;
  const title = { size: MEDIUM, colour: MUTED, align: "center" } as const;
  const panels = lines.flatMap((of, n) => {
    const labels = placed(of.marks, extents.x);
    const at = y + 22 + labels.rows * ROW;
    const heightOf = (row: number): number => at - (labels.rows - row - 0.5) * ROW - 4;
    y = at + HEIGHT + (n === lines.length - 1 ? 0 : GAP);
    return [
      text(heading(of), MARGIN + LEFT, at - labels.rows * ROW - 12, { size: MEDIUM, bold: true }),
      ...labels.marks.map(({ x, row, dash }) =>
        line([MARGIN + LEFT + x, heightOf(row)], [MARGIN + LEFT + x, at + HEIGHT], {
          ...{ colour: INK, dash },
        }),
      ),
      ...labels.marks.flatMap(({ x, row, label, align }) => {
        const place = [MARGIN + LEFT + x + (align === "left" ? 5 : -5), heightOf(row)] as const;
        return [
          plate(label, ...place, align),
          text(label, ...place, { align, baseline: "middle" }),
        ];
      }),
      requests(at, of, extents, n === lines.length - 1),
      text("time until the answer", MARGIN + 12, at + HEIGHT / 2, { ...title, angle: -90 }),
    ];
  });
  const key = legend(
    [
      { look: ANSWERED.GET, label: "visit answered" },
      ...(visits.some(({ method }) => method === "POST")
        ? [{ look: ANSWERED.POST, label: "vote answered" }]
        : []),
      { look: FAILED, label: "failed: no answer, or status 400 and above" },
    ],
    MARGIN + LEFT,
    begin,
  );
  const zero =
    fault === undefined ? "first request" : fault === "streams" ? "background load" : "fault";
  const xTitle = `time since the ${zero}, s`;
  return {
    spec: page(y + 62, plot.title, subtitle, [
      ...key,
      ...panels,
      text(xTitle, MARGIN + LEFT + INNER / 2, y + 44, title),
    ]),
    title: plot.title,
    description: lines.map((of) => `${heading(of)}. ${told(of)}`).join(" "),
  };
}

/** The finished cell whose value is the median, or the one next below it; undefined where none has a value. */
function middleCell(summary: Summary, measure: string, variant: string): Cell | undefined {
  const { values } = statisticsFor(summary, measure, variant);
  const sorted = [...values].sort((a, b) => a.value - b.value || a.repeat - b.repeat);
  const repeat = sorted[Math.floor((sorted.length - 1) / 2)]?.repeat;
  return summary.cells.find((cell) => cell.variant === variant && cell.repeat === repeat);
}

function lineOf(results: Results, cell: Cell, label: string, bin: number | undefined): Line {
  const marks = readMarks(results, cell);
  const zero = marks.find(({ what }) => what === "inject")?.at ?? 0;
  const since = <T extends { readonly at: number }>(each: T): T => ({
    ...each,
    at: each.at - zero,
  });
  const visits = readVisits(results, cell).map(since);
  return { label, cell, visits, dots: dotsOf(visits, bin), marks: marks.map(since) };
}

/** Requests that were answered, each as a dot, or those of each kind and bin as one. */
function dotsOf(visits: readonly Visit[], bin: number | undefined): readonly Dot[] {
  const answered = visits.filter((visit) => !isFailed(visit));
  if (bin === undefined) {
    return answered.map(({ at, method, latency }) => ({ at, method, latency, spread: undefined }));
  }
  const bins = new Map<string, Visit[]>();
  for (const visit of answered) {
    const key = `${visit.method} ${Math.floor(visit.at / bin)}`;
    const own = bins.get(key) ?? [];
    own.push(visit);
    bins.set(key, own);
  }
  return [...bins].map(([key, all]) => {
    const [method = "", n = ""] = key.split(" ");
    const latencies = all.map(({ latency }) => latency);
    const [low = NaN, high = NaN] = quantile(latencies, [0, 0.95]);
    return {
      ...{ at: (Number(n) + 0.5) * bin, method: method === "POST" ? "POST" : "GET" },
      ...{ latency: median(latencies), spread: [low, high] },
    };
  });
}

function isFailed({ status }: Visit): boolean {
  return status === 0 || status >= 400;
}

function heading({ label, cell, visits }: Line): string {
  const failed = visits.filter(isFailed).length;
  return `${label}, repetition ${cell.repeat}: ${failed} of ${count(visits.length, "request")} failed`;
}

function told({ visits, marks }: Line): string {
  const latencies = visits.filter((visit) => !isFailed(visit)).map(({ latency }) => latency);
  const events = marks.map(({ what, subject, at }) => `${what} ${subject} at ${number(at)} s`);
  return [
    ...(latencies.length === 0
      ? []
      : [`Median time until the answer ${number(median(latencies))} s.`]),
    ...(events.length === 0 ? [] : [`Events: ${events.join(", ")}.`]),
  ].join(" ");
}

function ends(values: readonly number[]): [low: number, high: number] {
  // Not Math.min(...values): a long run has more values than a call may have arguments.
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    values.length === 0 ? [0.001, 1] : [Infinity, -Infinity],
  );
}

/** From the first to the last moment; 0 is one of the ticks. */
function across(values: readonly number[]): Extent {
  const [low, high] = values.length === 0 ? [0, 1] : ends(values);
  const step = stepOf(Math.max(high - low, 1) / 10);
  const from = Math.floor(low / step);
  const to = Math.ceil(high / step);
  return {
    type: "linear",
    domain: [low, Math.max(high, low + 1)],
    ticks: Array.from({ length: to - from + 1 }, (_, n) => (from + n) * step).filter(
      (tick) => tick >= low && tick <= high,
    ),
  };
}

interface PlacedMark {
  /** Pixels from the left of the panel. */
  readonly x: number;
  /** From above. */
  readonly row: number;
  readonly label: string;
  /** Which side of the line the label is on: it is `left` aligned on the right of it. */
  readonly align: "left" | "right";
  readonly dash: readonly number[];
}

/** Labels of marks in rows, so that none stands on another: a later mark stands below those before it. */
function placed(
  marks: readonly Mark[],
  { domain: [low, high] }: Extent,
): { readonly rows: number; readonly marks: readonly PlacedMark[] } {
  const taken: [from: number, to: number][][] = [];
  const all = [...marks]
    .sort((a, b) => a.at - b.at)
    .map(({ at, what, subject }): PlacedMark => {
      const x = ((at - low) / (high - low)) * INNER;
      const isDone = what === "inject" || what === "recover";
      const name = isDone ? `${what}: ${subject}` : `${what.replaceAll("-", " ")} ${subject}`;
      const label = `${name.trim()}, ${number(at)} s`;
      const width = widthOf(label) + 12;
      const align = x + width > INNER ? "right" : "left";
      const span: [number, number] = align === "left" ? [x - 2, x + width] : [x - width, x + 2];
      const isFree = (row: readonly (readonly [number, number])[]): boolean =>
        row.every(([from, to]) => span[1] < from || span[0] > to);
      const free = taken.findIndex(isFree);
      const row = free === -1 ? taken.length : free;
      (taken[row] ??= []).push(span);
      return { x, row, label, align, dash: isDone ? [] : [4, 3] };
    });
  return { rows: Math.max(1, taken.length), marks: all };
}

/** Requests as dots, each kind one path: a dot is a line that has one point and round ends. */
function requests(
  y: number,
  { visits, dots }: Line,
  extents: { readonly x: Extent; readonly y: Extent },
  isLast: boolean,
): VegaMark {
  const place = ({ at, latency }: Pick<Visit, "at" | "latency">): object => ({
    ...{ at, latency: Math.max(latency, SHORTEST) },
  });
  const answered = (["GET", "POST"] as const).map((method) => ({
    ...{ name: method, colour: ANSWERED[method].colour },
    values: dots
      .filter((dot) => dot.method === method)
      .flatMap((dot) => [
        { ...place(dot), isDot: true },
        { ...place(dot), isDot: false },
      ]),
  }));
  // One path as well: to the low end, to the high end, and a gap.
  const spreads = dots.flatMap(({ at, spread }) =>
    spread === undefined
      ? []
      : [
          { ...place({ at, latency: spread[0] }), isLine: true },
          { ...place({ at, latency: spread[1] }), isLine: true },
          { ...place({ at, latency: spread[1] }), isLine: false },
        ],
  );
  const where = { x: { scale: "x", field: "at" }, y: { scale: "y", field: "latency" } };
  const seconds = "datum.value >= 1 ? datum.value + ' s' : round(datum.value * 10000) / 10 + ' ms'";
  return panel(MARGIN + LEFT, y, {
    ...{ width: INNER, height: HEIGHT },
    scales: [scale("x", extents.x, INNER), scale("y", extents.y, HEIGHT)],
    axes: [axis("y", extents.y, seconds), axis("x", extents.x, isLast)],
    data: [
      ...answered,
      { name: "spreads", values: spreads },
      { name: "failed", values: visits.filter(isFailed).map(place) },
    ].map(({ name, values }) => ({ name, values })),
    marks: [
      ...(spreads.length === 0
        ? []
        : [
            {
              ...{ type: "line", from: { data: "spreads" }, aria: false, interactive: false },
              encode: {
                enter: {
                  ...{ ...where, defined: { field: "isLine" } },
                  ...{ stroke: { value: ANSWERED.GET.colour }, strokeWidth: { value: 1 } },
                  strokeOpacity: { value: 0.3 },
                },
              },
            } satisfies VegaMark,
          ]),
      ...answered.map(({ name, colour }): VegaMark => ({
        ...{ type: "line", from: { data: name }, aria: false, interactive: false },
        encode: {
          enter: {
            ...{ ...where, defined: { field: "isDot" }, stroke: { value: colour } },
            ...{ strokeWidth: { value: 3 }, strokeCap: { value: "round" } },
            strokeOpacity: { value: 0.6 },
          },
        },
      })),
      {
        ...{ type: "symbol", from: { data: "failed" }, aria: false, interactive: false },
        encode: {
          enter: {
            ...{ ...where, size: { value: 70 }, shape: { value: FAILED.shape } },
            ...{ stroke: { value: FAILED.colour }, strokeWidth: { value: 2 } },
          },
        },
      },
    ],
  });
}
