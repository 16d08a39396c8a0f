/** What a machine's silent end costs visitors. */
import { failed, latency, seconds } from "../measures.ts";
import type { Experiment, Fault, Variant } from "../model.ts";
import { history } from "../votes.ts";

const STANDING: Variant = { name: "standing", label: "as the stack is", settings: {} };

/** Power is cut after 20 s, and comes back when pods were replaced even with Kubernetes' own time-outs. */
function silentEnd(name: string, question: string, fault: Fault): Experiment {
  return {
    name,
    question,
    variants: [STANDING],
    repeats: 7,
    load: { visitsPerSecond: 20, votesPerSecond: 2, timeoutSeconds: 30 },
    timeline: [
      { at: 20, inject: fault },
      { at: 80, recover: fault },
    ],
    tail: 40,
    measures: [
      seconds("endpoints-dropped"),
      seconds("replacement-ready"),
      seconds("node-not-ready"),
      failed,
      latency("outage"),
      latency("rest"),
    ],
    invariants: [history],
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

export const FAILOVER: readonly Experiment[] = [
  silentEnd(
    "failover-pi",
    "How long do visitors notice that the Pi has lost its power, and how many of them?",
    { kind: "power-off", machine: "raspberrypi" },
  ),
];
