/** Every kind of picture, of made-up runs. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Experiment } from "../model.ts";
import { readResults, type Results } from "../results.ts";
import { summarize } from "../summary.ts";
import { FAILOVER, RATE, writeRun } from "../testing/made-up.ts";
import { draw } from "./draw.ts";
import { pictureOf } from "./index.ts";
import { extentOf, wrapped } from "./style.ts";

const KINDS = [
  ["dots", FAILOVER],
  ["timeline", FAILOVER],
  ["ratios", FAILOVER],
  ["lines", RATE],
] as const;

let folder: string;
const runs = new Map<Experiment, Results>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-"));
  for (const experiment of [FAILOVER, RATE]) {
    runs.set(experiment, readResults(writeRun(folder, experiment)));
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A picture of a made-up run. */
async function drawn(
  kind: string,
  experiment: Experiment,
  changed: Partial<Results> = {},
): Promise<string> {
  const results = runs.get(experiment);
  const plots = changed.description?.plots ?? results?.description.plots;
  const plot = plots?.find((each) => each.kind === kind);
  if (results === undefined || plot === undefined) {
    throw new Error(`no made-up run has a plot of kind ${kind}`);
  }
  const all = { ...results, ...changed };
  return draw(pictureOf(plot, all, summarize(all)));
}

const pictures = new Map<string, Promise<string>>();

/** The same, drawn once for all tests. */
async function svgOf(kind: string, experiment: Experiment): Promise<string> {
  const picture = pictures.get(kind) ?? drawn(kind, experiment);
  pictures.set(kind, picture);
  return picture;
}

/** Names of elements that are opened and not closed, or the other way round. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, end, name = "", alone] of svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/g)) {
    if (end === "/") {
      if (open.pop() !== name) {
        wrong.push(name);
      }
    } else if (alone === "") {
      open.push(name);
    }
  }
  return [...wrong, ...open];
}

describe.each(KINDS)("a picture of %s", (kind, experiment) => {
  it("is the same each time", async () => {
    expect(await drawn(kind, experiment)).toBe(await svgOf(kind, experiment));
  });

  it("is an SVG file with a title and a description", async () => {
    const svg = await svgOf(kind, experiment);
    expect(svg).toMatch(
      /^<svg role="img" aria-labelledby="title description" [^>]*viewBox="0 0 880 \d+"[^>]*><title id="title">.*\(made up\)<\/title><desc id="description">[^<]{40,}<\/desc>/,
    );
    expect(svg.endsWith("</svg>\n")).toBe(true);
    expect(unbalanced(svg)).toEqual([]);
  });

  it("has no text below 12 px, no value that is none, and no long fractions", async () => {
    const svg = await svgOf(kind, experiment);
    const sizes = [...svg.matchAll(/font-size="?:?\s*(\d+)/g)].map(([, size]) => Number(size));
    expect(sizes.length).toBeGreaterThan(5);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(12);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).not.toMatch(/<[^>]*\d\.\d{3,}[^>]*>/);
  });

  it("can be drawn before the first cell is finished", async () => {
    const svg = await drawn(kind, experiment, { cells: [] });
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(unbalanced(svg)).toEqual([]);
  });
});

describe("what is drawn", () => {
  it("are a dot per repetition and the medians in words", async () => {
    const svg = await svgOf("dots", FAILOVER);
    expect(svg.match(/fill-opacity="0.9"/g)).toHaveLength(2 * 4 * 7);
    expect(svg).toMatch(/<desc [^>]*>endpoints dropped, stock K3s: median 4\d(\.\d)? \(.*\) s\./);
  });

  it("are the cells with the median, each with its events and failed requests", async () => {
    const svg = await svgOf("timeline", FAILOVER);
    expect(svg).toMatch(/stock K3s, repetition \d: \d+ of 700 requests failed/);
    expect(svg).toMatch(/inject: raspberrypi, 0 s/);
    expect(svg).toMatch(/endpoints dropped raspberrypi, 4\.\d+ s/);
    expect(svg).not.toContain("second copy");
  });

  it("are medians of bins where a run has more requests than a picture can hold", async () => {
    const results = runs.get(FAILOVER);
    const plots = results?.description.plots.flatMap((plot) =>
      plot.kind === "timeline" ? [{ ...plot, bin: 10 }] : [],
    );
    const binned = await drawn("timeline", FAILOVER, {
      ...(results && { description: { ...results.description, plots: plots ?? [] } }),
    });
    expect(binned).toContain("the median of the requests of 10 s");
    expect(binned).not.toMatch(/NaN|undefined|Infinity/);
    expect(binned.length).toBeLessThan((await svgOf("timeline", FAILOVER)).length * 0.75);
  });

  it("are ratios of positive measures alone, with what is a claim", async () => {
    const svg = await svgOf("ratios", FAILOVER);
    expect(svg).toMatch(
      /replacement Ready, fast profile: 0\.0\d+ \(.*\) times that of stock K3s, a claim\./,
    );
    expect(svg).not.toContain("failed visits");
  });

  it("are lines by configuration in panels", async () => {
    const svg = await svgOf("lines", RATE);
    for (const name of ["one server", "cluster, 2 replicas", "with background load"]) {
      expect(svg).toContain(`>${name}</text>`);
    }
  });
});

describe("an axis", () => {
  it("is linear from 0, or logarithmic for values of very different sizes", () => {
    expect(extentOf([0.2, 0.3])).toEqual({
      ...{ type: "linear", domain: [0, 0.3], ticks: [0, 0.1, 0.2, 0.3] },
    });
    expect(extentOf([4, 345])).toEqual({
      ...{ type: "log", domain: [2, 500], ticks: [2, 5, 10, 20, 50, 100, 200, 500] },
    });
    expect(extentOf([0, 7])).toMatchObject({ type: "linear", domain: [0, 8] });
    expect(extentOf([0, 0]).domain[1]).toBeGreaterThan(0);
  });
});

it("a long text is broken between words", () => {
  expect(wrapped("one two three", 50)).toEqual(["one two", "three"]);
  expect(wrapped("incomprehensibilities", 10)).toEqual(["incomprehensibilities"]);
});
