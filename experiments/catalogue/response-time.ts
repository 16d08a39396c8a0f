/**
 * The experiment of "IoT services orchestration on Kubernetes and edge computing" (sections V and VI, figures 5 to 8):
 * response time at 10 to 50 requests a second while iperf3 fills the way between client and server, of one server
 * and of a cluster. docs/experiments.md says what is otherwise here.
 */
import { failed, latency, latencyAcross, type Statistic } from "../measures.ts";
import {
  AA,
  type Experiment,
  type Fault,
  type Published,
  type Seconds,
  type Target,
  type Variant,
} from "../model.ts";
import type { LinesPlot, Plot } from "../plots/plot.ts";
import { ends, measureOf, stageMeasures, stageSpans, type Block } from "../stages.ts";

/** Who is asked: it stands on the visitors' LAN, as the paper's server and cluster did. */
const MACHINE = "raspberrypi";
const INGRESS: Target = { kind: "ingress", machine: MACHINE };

/** Requests a second, one stage after the other. */
const RATES = [10, 20, 30, 40, 50] as const;

/** 100 parallel streams with buffers of 100 kB, which is iperf3's `--length 100K`: 102,400 bytes. */
const STREAMS: Fault = {
  kind: "streams",
  machine: MACHINE,
  streams: 100,
  bufferBytes: 100 * 1024,
};

const STATISTICS: readonly Statistic[] = ["mean", "median", "p95", "p99"];

const PAPER = "IoT services orchestration on Kubernetes and edge computing";
/** In words alone: the paper's charts are not readable in the copy that was at hand, and its text has no numbers. */
const PUBLISHED: readonly Published[] = [
  {
    what: "mean response time, one server against a cluster with 2 replicas, 100 iperf3 streams (experiments 1 and 2)",
    found:
      "the cluster is slower; times do not grow evenly with the rate, as iperf3 takes the processor",
    source: `${PAPER}, figure 7 and section V-C`,
  },
  {
    what: "mean response time with 2 replicas behind an ingress, 4 vCPU and 3 GB (scenario 2)",
    found: "sharing requests lowers the response time; compared with what is not said",
    source: `${PAPER}, figure 8 and section V-C`,
  },
];

function pods(replicas: number): Variant["settings"] {
  return { website: { autoscale: false, replicas } };
}

const ONE_SERVER: Variant = {
  name: "one-server",
  label: "one server",
  // One pod on each tier; the one on the machine is asked, and the other is idle.
  settings: pods(2),
  target: { kind: "pod", machine: MACHINE },
};

function cluster(replicas: number): Variant {
  return {
    name: `cluster-${replicas}`,
    label: `cluster, ${replicas} replica${replicas === 1 ? "" : "s"}`,
    settings: pods(replicas),
    target: INGRESS,
  };
}

function block(name: "quiet" | "busy", seconds: Seconds): Block {
  return {
    name,
    label: name === "quiet" ? "without background load" : "with background load",
    stages: RATES.map((visitsPerSecond) => ({ visitsPerSecond, seconds })),
  };
}

/** Lines over the rate: one for each variant but the second copy, a panel for each block. */
function overRate(
  name: string,
  title: string,
  statistic: Statistic,
  variants: readonly Variant[],
  blocks: readonly Block[],
): LinesPlot {
  const spans = stageSpans(blocks);
  const [first] = spans;
  return {
    ...{ kind: "lines", name, title },
    measure: first === undefined ? "" : measureOf(first, statistic),
    ...{ xAxis: "requests per second", yAxis: `${statistic} response time, ms` },
    points: variants
      .filter((variant) => variant.name !== AA)
      .flatMap((variant) =>
        spans.map((span) => ({
          ...{ variant: variant.name, line: variant.label, panel: span.block.label },
          ...{ x: span.visitsPerSecond, measure: measureOf(span, statistic) },
        })),
      ),
  };
}

/** What both have, with streams in the last block. */
function responseTime(
  name: string,
  question: string,
  variants: readonly Variant[],
  blocks: readonly Block[],
  repeats: number,
  plots: readonly Plot[],
): Experiment {
  const end = ends(blocks).at(-1) ?? 0;
  return {
    ...{ name, question, variants, repeats, plots },
    load: {
      ...{ visitsPerSecond: 0, votesPerSecond: 0, timeoutSeconds: 30 },
      stages: blocks.flatMap(({ stages }) => stages),
      // As within one session of the paper's client.
      connections: "kept",
    },
    timeline: [
      { at: ends(blocks).at(-2) ?? 0, inject: STREAMS },
      { at: end, recover: STREAMS },
    ],
    tail: 5,
    measures: stageMeasures(blocks, STATISTICS),
    invariants: [],
    published: PUBLISHED,
  };
}

/** Two minutes a stage: without the streams, then with them. */
const SHORT = [block("quiet", 120), block("busy", 120)] as const;
const ALL = [
  ONE_SERVER,
  cluster(1),
  cluster(2),
  cluster(4),
  { ...ONE_SERVER, name: AA, label: "one server, second copy" },
] as const;

/** The paper's own length, ten minutes a stage, all with the streams. */
const LONG = [block("busy", 600)] as const;
const BOTH = [ONE_SERVER, cluster(2)] as const;

/** A cluster whose pods' packets go from node to node in this way. */
function network(flannelBackend: "vxlan" | "host-gw"): Pick<Variant, "settings" | "target"> {
  return { settings: { ...pods(2), k3s: { flannelBackend } }, target: INGRESS };
}

export const RESPONSE_TIME: readonly Experiment[] = [
  responseTime(
    "response-time",
    "How long does a visitor wait for one server and for a cluster, with and without other load on the way?",
    ALL,
    SHORT,
    3,
    [
      overRate("mean", "Mean response time over the rate of requests", "mean", ALL, SHORT),
      overRate("p99", "The slowest hundredth of response times", "p99", ALL, SHORT),
      {
        ...{ kind: "timeline", name: "time-since-request", title: "Time since request" },
        ...{ measure: "latency_mean_busy_50_ms", bin: 2 },
        variants: [ONE_SERVER.name, "cluster-2"],
      },
    ],
  ),
  responseTime(
    "response-time-full",
    "How long does a visitor wait for one server and for a cluster with two replicas, ten minutes at each rate, as published?",
    BOTH,
    LONG,
    1,
    [
      overRate("mean", "Mean response time, ten minutes at each rate", "mean", BOTH, LONG),
      {
        ...{ kind: "timeline", name: "time-since-request", title: "Time since request" },
        ...{ measure: "latency_mean_busy_50_ms", bin: 5 },
      },
    ],
  ),
  {
    name: "flannel-backend",
    question: "Is a visit answered sooner by another node's pod where flannel sets routes?",
    variants: [
      { ...network("vxlan"), name: "vxlan", label: "vxlan" },
      { ...network("host-gw"), name: "host-gw", label: "host-gw" },
      { ...network("vxlan"), name: AA, label: "vxlan, second copy" },
    ],
    repeats: 7,
    load: { visitsPerSecond: 50, votesPerSecond: 0, timeoutSeconds: 30 },
    timeline: [],
    tail: 60,
    measures: [
      ...STATISTICS.map((statistic) => latencyAcross(MACHINE, statistic)),
      latency("all", "mean"),
      failed,
    ],
    invariants: [],
    plots: [
      {
        ...{ kind: "ratios", name: "ratios", title: "Routes against VXLAN" },
        measures: ["latency_mean_across_ms", "latency_median_across_ms", "latency_p99_across_ms"],
      },
    ],
    published: [
      {
        what: "choice of a network for pods",
        found:
          "flannel with host-gw, as it takes the least resources; all nodes must share one segment",
        source: `${PAPER}, section IV-B`,
      },
    ],
  },
];
