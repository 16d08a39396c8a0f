/**
 * What all pictures share. They have a white ground of their own, as GitHub shows them on light and dark
 * pages alike, and no text smaller than 12 px. Colours are those of Okabe and Ito (Color Universal Design,
 * 2008), which people with any colour vision tell apart, those first that stand out on white; shapes differ,
 * too.
 */
import type { Axis, Mark, Scale, Spec } from "vega";

import { AA } from "../model.ts";
import type { Description } from "../describe.ts";

export const INK = "#1f2328";
export const MUTED = "#57606a";
export const GRID = "#d8dee4";
export const PAPER = "#ffffff";
/** A request that failed. */
export const FAILED: Look = { colour: "#d55e00", shape: "M-1,-1L1,1M1,-1L-1,1" };

export const FONT = "Helvetica, Arial, sans-serif";
export const SMALL = 12;
export const MEDIUM = 13;
export const LARGE = 18;
export const WIDTH = 880;
/** Free space around everything. */
export const MARGIN = 24;

const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#1f2328", "#aa4499", "#b07d00"] as const;
const SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"] as const;

/** How one of several things is drawn. */
export interface Look {
  readonly colour: string;
  /** Vega's name of a symbol, or a path from -1 to 1 in both directions. */
  readonly shape: string;
  /** Inside, where that is not the colour. */
  readonly fill?: string;
}

/** The look of the n-th thing, from 0. */
export function look(n: number): Look {
  return {
    colour: COLOURS[n % COLOURS.length] ?? INK,
    shape: SHAPES[n % SHAPES.length] ?? "circle",
  };
}

/** Each variant's look; the A/A copy stands back. */
export function looks({ variants }: Description): ReadonlyMap<string, Look> {
  const others = variants.map(({ name }) => name).filter((name) => name !== AA);
  return new Map([
    [AA, { colour: "#6e7781", shape: "circle" }],
    ...others.map((name, n) => [name, look(n)] as const),
  ]);
}

/** Width of a text in a sans-serif font, px: an estimate that is seldom too small. */
export function widthOf(text: string, size: number = SMALL): number {
  return text.length * size * 0.56;
}

/** A text's lines, none wider than that unless a word is. */
export function wrapped(text: string, width: number, size: number = SMALL): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} ${word}`, size) <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** How a text stands; what is not given is small, in ink, from the left. */
export interface TextStyle {
  readonly size?: number;
  readonly colour?: string;
  readonly bold?: boolean;
  readonly align?: "left" | "center" | "right";
  readonly baseline?: "top" | "middle" | "bottom" | "alphabetic";
  /** Degrees. */
  readonly angle?: number;
}

/** A text at a place; lines are 1.3 times their size apart. */
export function text(
  content: string | readonly string[],
  x: number,
  y: number,
  style: TextStyle = {},
): Mark {
  const { size = SMALL, colour = INK, bold = false, align = "left" } = style;
  const { baseline = "alphabetic", angle = 0 } = style;
  return {
    type: "text",
    interactive: false,
    aria: false,
    encode: {
      enter: {
        text: { value: typeof content === "string" ? content : [...content] },
        ...{ x: { value: x }, y: { value: y }, angle: { value: angle } },
        ...{ align: { value: align }, baseline: { value: baseline }, fill: { value: colour } },
        ...{ font: { value: FONT }, fontSize: { value: size } },
        lineHeight: { value: Math.round(size * 1.3) },
        fontWeight: { value: bold ? "bold" : "normal" },
      },
    },
  };
}

/** The ground of a text that begins there, or ends there with `right`, over lines. */
export function plate(content: string, x: number, middle: number, align: "left" | "right"): Mark {
  const width = widthOf(content);
  return {
    type: "rect",
    interactive: false,
    aria: false,
    encode: {
      enter: {
        ...{ x: { value: align === "left" ? x : x - width }, width: { value: width } },
        ...{ y: { value: middle - SMALL / 2 - 1 }, height: { value: SMALL + 2 } },
        ...{ fill: { value: PAPER } },
      },
    },
  };
}

/** A line from one place to another. */
export function line(
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
  { colour = GRID, width = 1, dash = [] as readonly number[] } = {},
): Mark {
  return {
    type: "rule",
    interactive: false,
    aria: false,
    encode: {
      enter: {
        ...{ x: { value: from[0] }, y: { value: from[1] } },
        ...{ x2: { value: to[0] }, y2: { value: to[1] } },
        ...{ stroke: { value: colour }, strokeWidth: { value: width } },
        strokeDash: { value: [...dash] },
      },
    },
  };
}

/** One symbol at a place, as legends have it. */
export function symbol(x: number, y: number, { colour, shape, fill = colour }: Look): Mark {
  return {
    type: "symbol",
    interactive: false,
    aria: false,
    encode: {
      enter: {
        ...{ x: { value: x }, y: { value: y }, size: { value: 60 } },
        ...{ shape: { value: shape }, fill: { value: fill } },
        ...{ stroke: { value: colour }, strokeWidth: { value: 1.5 } },
      },
    },
  };
}

/** A legend in a row: symbols and what they stand for, from the left. */
export function legend(
  entries: readonly { readonly look: Look; readonly label: string }[],
  x: number,
  y: number,
): Mark[] {
  let next = x;
  return entries.flatMap(({ look: of, label }) => {
    const at = next;
    next += widthOf(label) + 44;
    return [symbol(at + 6, y, of), text(label, at + 18, y, { baseline: "middle" })];
  });
}

/** A picture's frame, title and subtitle, with the marks in it. Its content may begin below {@link top}. */
export function page(
  height: number,
  title: string,
  subtitle: readonly string[],
  marks: readonly Mark[],
): Spec {
  return {
    $schema: "https://vega.github.io/schema/vega/v6.json",
    ...{ width: WIDTH, height, padding: 0, autosize: "none", background: PAPER },
    marks: [
      {
        type: "rect",
        interactive: false,
        aria: false,
        encode: {
          enter: {
            ...{ x: { value: 0.5 }, y: { value: 0.5 }, cornerRadius: { value: 6 } },
            ...{ width: { value: WIDTH - 1 }, height: { value: height - 1 } },
            ...{ stroke: { value: GRID }, strokeWidth: { value: 1 } },
          },
        },
      },
      text(title, MARGIN, 36, { size: LARGE, bold: true }),
      text(subtitle, MARGIN, 60, { size: MEDIUM, colour: MUTED }),
      ...marks,
    ],
  };
}

/** Where a page's content begins under so many lines of subtitle. */
export function top(subtitle: readonly string[]): number {
  return 60 + subtitle.length * Math.round(MEDIUM * 1.3);
}

/** An axis's extent and ticks. */
export interface Extent {
  readonly type: "linear" | "log";
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
}

/** How far apart values are, as a factor, from which an axis is logarithmic. */
const WIDE = 20;

/** An axis that holds all values: linear from 0, or logarithmic where they are of very different sizes. */
export function extentOf(values: readonly number[]): Extent {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low > 0 && high / low > WIDE ? logarithmic(low, high) : linear(high);
}

/** From 0 to the next tick. */
function linear(high: number): Extent {
  const step = stepOf(Math.max(high, 1e-9) / 5);
  const steps = Math.max(1, Math.ceil(high / step - 1e-9));
  // Not n × step, which is 0.30000000000000004 for 3 × 0.1.
  const ticks = Array.from({ length: steps + 1 }, (_, n) => Number((n * step).toPrecision(12)));
  return { type: "linear", domain: [0, ticks.at(-1) ?? 1], ticks };
}

/** From tick to tick; ticks are 1, 2 and 5 times powers of 10, fewer of them over a wide range and more over a narrow one. */
export function logarithmic(low: number, high: number): Extent {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const powers = Array.from({ length: to - from + 1 }, (_, n) => from + n);
  const every = (factors: readonly number[]): number[] =>
    powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)));
  const fine = every([1, 2, 5]);
  const start = fine.filter((tick) => tick <= low).at(-1) ?? low;
  const end = fine.find((tick) => tick >= high) ?? high;
  const within = (ticks: number[]): number[] =>
    ticks.filter((tick) => tick >= start && tick <= end);
  const few = within(fine).length < 4;
  const ticks = within(powers.length > 4 ? every([1]) : few ? every([1, 1.5, 2, 3, 5, 7]) : fine);
  return { type: "log", domain: [start, end], ticks };
}

/** 1, 2 or 5 times a power of 10, not below. */
export function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return (
    [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least - 1e-12) ?? power
  );
}

/** The scale of an extent over so many pixels: from the left, or upwards. */
export function scale(name: "x" | "y", { type, domain }: Extent, pixels: number): Scale {
  return {
    ...{ name, type, domain: [...domain], nice: false, zero: false },
    range: name === "x" ? [0, pixels] : [pixels, 0],
  };
}

/** An axis with a grid; its title is a text of the page, as Vega would place it by the widths of labels. */
export function axis(name: "x" | "y", { ticks }: Extent, labels: string | boolean = true): Axis {
  return {
    ...{ scale: name, orient: name === "x" ? "bottom" : "left", values: [...ticks] },
    ...{ grid: true, gridColor: GRID, domain: false, ticks: false, zindex: 0, aria: false },
    ...{ labels: labels !== false, labelColor: MUTED, labelFont: FONT, labelFontSize: SMALL },
    ...{
      labelPadding: 6,
      labelLimit: 0,
      labelOverlap: false,
      labelBound: false,
      labelFlush: false,
    },
    ...{ minExtent: 0, maxExtent: 0 },
    encode: {
      labels: {
        update: {
          text: { signal: typeof labels === "string" ? labels : "format(datum.value, '~r')" },
        },
      },
    },
  };
}

/** A panel at a place of the page. */
export function panel(
  x: number,
  y: number,
  content: {
    readonly width: number;
    readonly height: number;
    readonly scales: Scale[];
    readonly axes: Axis[];
    readonly marks: readonly Mark[];
    readonly data?: readonly { readonly name: string; readonly values: object[] }[];
  },
): Mark {
  const { width, height, scales, axes, marks, data = [] } = content;
  return {
    type: "group",
    interactive: false,
    aria: false,
    encode: {
      enter: {
        ...{ x: { value: x }, y: { value: y } },
        ...{ width: { value: width }, height: { value: height } },
      },
    },
    // Lines of the grid are as long as these say.
    signals: [
      { name: "width", value: width },
      { name: "height", value: height },
    ],
    ...{ data: [...data], scales, axes, marks: [...marks] },
  };
}
