/** What a machine's silent end costs visitors. */
import { failed, latency, seconds, slow } from "../measures.ts";
import {
  AA,
  type Experiment,
  type Fault,
  type Moment,
  type Published,
  type Seconds,
  type Variant,
} from "../model.ts";
import { history } from "../votes.ts";

const STANDING: Variant = { name: "standing", label: "as the stack is", settings: {} };

const PUBLISHED: readonly Published[] = [
  {
    what: "replacement Ready, s",
    found: "about 10, with values of the asker's own; 5 was wanted",
    source: "kubernetes/kubernetes, issue 133049",
  },
  {
    what: "replacement Ready with Kubernetes' own values, min",
    found: "about 5",
    source: "the source system's paper, section 2.3",
  },
];

/** A fault from 20 s on, for so long. */
function lasting(fault: Fault, duration: Seconds): readonly Moment[] {
  return [
    { at: 20, inject: fault },
    { at: 20 + duration, recover: fault },
  ];
}

/** A machine's power is cut after 20 s, and comes back once its pods were replaced. */
function silentEnd(
  name: string,
  question: string,
  fault: Fault,
  variants: readonly Variant[],
): Experiment {
  return {
    name,
    question,
    variants,
    repeats: 7,
    load: { visitsPerSecond: 20, votesPerSecond: 2, timeoutSeconds: 30 },
    timeline: lasting(fault, 60),
    tail: 40,
    measures: [
      seconds("endpoints-dropped"),
      seconds("replacement-ready"),
      seconds("node-not-ready"),
      seconds("even-again", "recover"),
      failed,
      slow,
      latency("outage"),
      latency("rest"),
    ],
    invariants: [history],
    published: PUBLISHED,
    plots: [
      {
        kind: "dots",
        name: "times",
        title: "From the silent end of a machine",
        measures: ["endpoints_dropped_s", "replacement_ready_s"],
        axis: "seconds",
      },
      {
        kind: "timeline",
        name: "timeline",
        title: "What visitors saw",
        measure: "endpoints_dropped_s",
      },
    ],
  };
}

/**
 * One of the failover's profiles (docs/failover.md). With Kubernetes' own values pods are replaced after 372 s at the
 * latest by the sum of the timers: its cells wait for that.
 *
 * @param settings besides the profile
 */
function profile(
  name: "stock" | "moderate" | "fast",
  fault: Fault,
  settings: Variant["settings"],
  others: Partial<Variant> = {},
): Variant {
  return {
    ...{ name, label: name, settings: { ...settings, failover: { profile: name } } },
    ...(name === "stock" ? { timeline: lasting(fault, 400) } : {}),
    ...others,
  };
}

const PI: Fault = { kind: "power-off", machine: "raspberrypi" };
/** As in the source system's own trial (S0-62): five pods, half of them on the Pi. */
const FIVE: Variant["settings"] = { website: { autoscale: false, replicas: 5 } };

const SECOND_WORKER: Fault = { kind: "power-off", machine: "SecondWorker" };
const WORKERS: Variant["settings"] = {
  cloud: { workers: [{ name: "WorkerNode" }, { name: "SecondWorker" }] },
};
/** The worker that lives on: who comes by the address of the other one, nobody can answer. */
const BY_FIRST: Partial<Variant> = { target: { kind: "ingress", machine: "WorkerNode" } };

export const FAILOVER: readonly Experiment[] = [
  silentEnd(
    "failover-pi",
    "How long do visitors notice that the Pi has lost its power, and how many of them?",
    PI,
    [STANDING],
  ),
  silentEnd(
    "failover-profiles",
    "How soon are the pods of a Pi without power replaced with each profile, and what do visitors notice?",
    PI,
    [
      // What releases before profiles had, so that the others are compared with it.
      profile("moderate", PI, FIVE),
      profile("stock", PI, FIVE),
      profile("fast", PI, FIVE),
      profile("moderate", PI, FIVE, { name: AA, label: "moderate again" }),
    ],
  ),
  silentEnd(
    "failover-profiles-worker",
    "The same of the second of two cloud workers, while visitors come by the first one",
    SECOND_WORKER,
    [
      profile("fast", SECOND_WORKER, WORKERS, BY_FIRST),
      // Nine minutes each, and known from the Pi: beside the others, not for a median of its own.
      profile("stock", SECOND_WORKER, WORKERS, { ...BY_FIRST, repeats: 3 }),
    ],
  ),
];
