/**
 * Results of runs that never were: all of their numbers are made up, for tests of reports and pictures. They
 * are written into folders of tests and say so in their question; none is ever committed.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

import { describe } from "../describe.ts";
import type { Experiment, Mark, Visit } from "../model.ts";
import { csv } from "../text.ts";

/** A number around another, at most so far as a share of it. */
type Around = (middle: number, share: number) => number;

function randomAround(): Around {
  const random = xoroshiro128plus(17);
  return (middle, share) => middle * (1 + (uniformFloat64(random) * 2 - 1) * share);
}

export const MADE_UP = "Made-up numbers for a test: nothing was measured.";

export const ENVIRONMENT = {
  date: "2000-01-01",
  site: "made-up site",
  machine: { processor: "made-up processor", cores: 2, memoryMiB: 24_000, kernel: "0.0" },
  load: [0.5, 0.4, 0.3],
  stealShare: 0.02,
  versions: { fogline: "0.0.0", commit: "0000000", changed: false },
  toolchain: [
    { part: "k3s", version: "0.0.0", source: "stand-in", sha256: "" },
    { part: "pulumi", version: "0.0.0", source: "registries", sha256: "" },
  ],
  images: [
    { image: "made-up", version: "0.0.0", source: "official", reference: "" },
    { image: "website", source: "built", reference: "" },
  ],
};

/** A made-up failover of three variants and an A/A copy, with all kinds of plots that fit it. */
export const FAILOVER: Experiment = {
  name: "made-up-failover",
  question: MADE_UP,
  variants: [
    { name: "stock", label: "stock K3s", settings: {} },
    {
      name: "old",
      label: "values of the release before",
      settings: { failover: { grace: "20s" } },
    },
    { name: "fast", label: "fast profile", settings: { failover: { profile: "fast" } } },
    { name: "aa", label: "stock K3s, second copy", settings: {} },
  ],
  repeats: 7,
  load: { visitsPerSecond: 20, votesPerSecond: 2, timeoutSeconds: 30 },
  timeline: [{ at: 10, inject: { kind: "power-off", machine: "raspberrypi" } }],
  tail: 60,
  measures: [
    { name: "endpoints_dropped_s", label: "endpoints dropped, s", of: () => undefined },
    { name: "replacement_ready_s", label: "replacement Ready, s", of: () => undefined },
    { name: "failed", label: "failed visits", of: () => undefined },
  ],
  invariants: [{ name: "no acknowledged vote is lost", broken: () => [] }],
  plots: [
    {
      ...{ kind: "dots", name: "failover", title: "Failover after a silent power-off (made up)" },
      measures: ["endpoints_dropped_s", "replacement_ready_s"],
      axis: "time since the fault, s",
    },
    {
      ...{ kind: "timeline", name: "visits", title: "Requests around the power-off (made up)" },
      measure: "endpoints_dropped_s",
    },
    {
      ...{ kind: "ratios", name: "ratios", title: "Against stock K3s (made up)" },
      measures: ["endpoints_dropped_s", "replacement_ready_s", "failed"],
    },
  ],
  published: [{ what: "replacement Ready, s", found: "about 10", source: "made up" }],
};

const TIMES: Readonly<Record<string, readonly [dropped: number, ready: number, failed: number]>> = {
  stock: [45, 345, 6],
  old: [23, 35, 5],
  fast: [4.5, 8, 0],
  aa: [45, 345, 6],
};

const CONFIGURATIONS = ["one server", "cluster, 1 replica", "cluster, 2 replicas"] as const;
const RATES = [10, 20, 30, 40, 50] as const;
const PANELS = ["without background load", "with background load"] as const;
const STAGES = CONFIGURATIONS.flatMap((line, c) =>
  PANELS.flatMap((panel, p) =>
    RATES.map((rate) => ({ ...{ line, panel, c, p, rate }, name: `c${c}-p${p}-${rate}` })),
  ),
);

/** A made-up response time over the rate. */
export const RATE: Experiment = {
  ...FAILOVER,
  name: "made-up-rate",
  variants: STAGES.map(({ name, line }) => ({ name, label: line, settings: {} })),
  timeline: [],
  measures: [{ name: "mean_ms", label: "mean response time, ms", of: () => undefined }],
  plots: [
    {
      ...{ kind: "lines", name: "rate", title: "Response time over rate (made up)" },
      ...{ measure: "mean_ms", xAxis: "requests per second", yAxis: "mean response time, ms" },
      points: STAGES.map(({ name: variant, line, panel, rate: x }) => ({
        variant,
        line,
        panel,
        x,
      })),
    },
  ],
};

/** Writes a made-up run of an experiment, the same each time, and returns its folder. */
export function writeRun(results: string, experiment: Experiment): string {
  const folder = join(results, experiment.name);
  mkdirSync(folder, { recursive: true });
  writeJson(join(folder, "experiment.json"), describe(experiment));
  writeJson(join(folder, "environment.json"), ENVIRONMENT);
  const around = randomAround();
  for (const { name } of experiment.variants) {
    for (let repeat = 1; repeat <= experiment.repeats; repeat++) {
      writeCell(folder, name, repeat, around);
    }
  }
  return folder;
}

function writeCell(folder: string, variant: string, repeat: number, around: Around): void {
  const stage = STAGES.find(({ name }) => name === variant);
  const [dropped, ready, failed] = TIMES[variant] ?? [5, 10, 0];
  const times = [around(dropped, 0.05), around(ready, 0.05)] as const;
  const values =
    stage === undefined
      ? {
          ...{ endpoints_dropped_s: times[0], replacement_ready_s: times[1] },
          failed: Math.round(around(failed, 0.3)),
        }
      : { mean_ms: around((5 + stage.c) * (1 + stage.p * 1.5) * (1 + stage.rate / 60), 0.12) };
  const cell = join(folder, "cells", `${variant}-0${repeat}`);
  mkdirSync(cell, { recursive: true });
  const marks = stage === undefined ? marksOf(...times) : [];
  writeFileSync(
    join(cell, "marks.csv"),
    csv([["at", "what", "subject"], ...marks.map(({ at, what, subject }) => [at, what, subject])]),
  );
  const columns = ["at", "latency", "status", "error", "method", "id", "pod", "node"] as const;
  const visits = stage === undefined ? visitsOf(times[0], failed, around) : [];
  writeFileSync(
    join(cell, "visits.csv.gz"),
    gzipSync(csv([columns, ...visits.map((visit) => columns.map((column) => visit[column]))])),
  );
  writeJson(join(cell, "cell.json"), {
    ...{ variant, repeat, startedAt: "2000-01-01T00:00:00.000Z", zeroUnixMicroseconds: 0 },
    ...{ generator: { cpuShare: 0.1, latestStartSeconds: 0.004 }, values, broken: [] },
  });
}

function marksOf(dropped: number, ready: number): Mark[] {
  return [
    { at: 10, what: "inject", subject: "raspberrypi" },
    { at: 10 + dropped - 0.3, what: "node-not-ready", subject: "raspberrypi" },
    { at: 10 + dropped, what: "endpoints-dropped", subject: "raspberrypi" },
    { at: 10 + Math.min(ready, 58), what: "replacement-ready", subject: "raspberrypi" },
  ];
}

function visitsOf(dropped: number, failed: number, around: Around): Visit[] {
  return Array.from({ length: 70 * 10 }, (_, n): Visit => {
    const at = n / 10;
    const isOut = at > 10 && at < 10 + dropped;
    const isSlow = isOut && n % 3 === 0;
    const isFailed = isSlow && n % 33 === 0 && failed > 0;
    const isVote = n % 10 === 0;
    return {
      ...{ at, latency: isFailed ? 21 : around(isSlow ? 1.02 : 0.006, 0.4) },
      ...{ status: isFailed ? 504 : 200, error: "", method: isVote ? "POST" : "GET" },
      ...{ id: isVote ? `vote-${n}` : "", pod: "website-0", node: "worker" },
    };
  });
}

export function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
