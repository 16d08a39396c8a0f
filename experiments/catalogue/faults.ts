/** Every fault of the catalogue once, and what must hold whatever goes wrong. */
import { answersAtEnd, atRest, failsInWords } from "../invariants.ts";
import { failed, latency, seconds, slow } from "../measures.ts";
import type { Experiment } from "../model.ts";
import { history } from "../votes.ts";
import { MACHINE_CASES, type FaultCase } from "./machine-faults.ts";

const CASES: readonly FaultCase[] = MACHINE_CASES;

export const FAULTS: Experiment = {
  name: "faults",
  question:
    "Which of the faults that a cluster meets cost a vote, or leave it other than it was before?",
  // What a fault costs is not compared with another one's.
  variants: CASES.map((each) => ({ ...each, settings: {}, against: each.name })),
  repeats: 1,
  load: { visitsPerSecond: 20, votesPerSecond: 2, timeoutSeconds: 30 },
  // Each variant has its own.
  timeline: [],
  // A machine boots, its node joins, and its ingress serves its own address again.
  tail: 60,
  measures: [
    failed,
    slow,
    latency("all"),
    latency("all", "p99"),
    seconds("node-not-ready"),
    seconds("replacement-ready"),
  ],
  invariants: [history, atRest, answersAtEnd, failsInWords],
  plots: [
    {
      ...{ kind: "timeline", name: "database", measure: failed.name },
      title: "What visitors and voters saw when the database had the fault",
      variants: ["database-kill", "disk-full", "power-off-workernode"],
    },
    {
      ...{ kind: "timeline", name: "server", measure: failed.name },
      title: "What visitors and voters saw when the server had the fault",
      variants: ["k3s-kill", "k3s-stop", "power-off-masternode", "reboot-masternode"],
    },
  ],
};
