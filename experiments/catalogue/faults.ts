/** Every fault of the catalogue once, and what must hold whatever goes wrong. */
import { column } from "../faults/network/script.ts";
import { answersAtEnd, atRest, failsInWords } from "../invariants.ts";
import { failed, noticed, reading, seconds } from "../measures.ts";
import type { Experiment, Measure } from "../model.ts";
import { history } from "../votes.ts";
import { FAST, PI, type FaultCase } from "./cases.ts";
import { MACHINE_CASES } from "./machine-faults.ts";
import { NETWORK_CASES } from "./network-faults.ts";

/** Machines last: the last of theirs needs a package that not every computer has. */
const CASES: readonly FaultCase[] = [...NETWORK_CASES, ...MACHINE_CASES];

/** Packets that faults of the network took, as they counted them. */
const dropped: Measure = {
  name: "dropped_packets",
  label: "packets that the fault dropped",
  of: ({ readings = {} }) => {
    const counts = Object.entries(readings).filter(([name]) => name.endsWith("_dropped"));
    return counts.length === 0 ? undefined : counts.reduce((sum, [, count]) => sum + count, 0);
  },
};

export const FAULTS: Experiment = {
  name: "faults",
  question:
    "Which of the faults that a cluster meets cost a vote, or leave it other than it was before?",
  // What a fault costs is not compared with another one's.
  variants: CASES.map((each) => ({ ...each, settings: FAST, against: each.name })),
  repeats: 1,
  // More than 10,000 votes in all.
  load: { visitsPerSecond: 20, votesPerSecond: 4, timeoutSeconds: 30 },
  // Each variant has its own.
  timeline: [],
  // A machine boots, its node joins, and its ingress serves its own address again.
  tail: 60,
  measures: [
    ...noticed,
    seconds("node-not-ready"),
    seconds("replacement-ready"),
    dropped,
    reading(column("delay", PI, "given_mean_ms"), `mean delay of what ${PI} sent, ms`),
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
    {
      ...{ kind: "timeline", name: "network", measure: failed.name },
      title: "What visitors and voters saw when the Pi's network had the fault",
      variants: ["wireguard-down", "partition-in", "partition-out", "stall"],
    },
  ],
};
