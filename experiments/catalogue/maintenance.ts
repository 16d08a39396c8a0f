/** What is done to machines on purpose: no visit may fail. */
import { answersAtEnd, atRest, failsInWords, noneFails } from "../invariants.ts";
import { failed, noticed, seconds } from "../measures.ts";
import type { Experiment, Fault, Invariant, Seconds, Target, Variant } from "../model.ts";
import { history } from "../votes.ts";
import { FAST, PI, SERVER, WORKER } from "./cases.ts";

/** Seconds of load before anything is done. */
const BEGIN: Seconds = 10;

/** Things that are done one after the other, each when the one before is done, and undone the last first. */
function after(name: string, label: string, faults: readonly Fault[], target?: Target): Variant {
  return {
    ...{ name, label, settings: FAST, against: name },
    ...(target === undefined ? {} : { target }),
    timeline: [
      // A moment that is over already begins at once: doing each of these takes longer than the second between them.
      ...faults.map((inject, n) => ({ at: BEGIN + n, inject })),
      ...[...faults].reverse().map((recover, n) => ({ at: BEGIN + faults.length + n, recover })),
    ],
  };
}

/** Who comes by the address of a machine that is away, waits or fails: they use another one. */
const BY_PI: Target = { kind: "ingress", machine: PI };

const drain = (machine: string): Fault => ({ kind: "drain", machine });
const reboot = (machine: string): Fault => ({ kind: "reboot", machine });
const change = (settings: Variant["settings"]): Fault => ({
  kind: "up",
  settings: { ...FAST, ...settings },
  before: FAST,
});

/** The next patch version, which the lab's stand-in takes the name of (lab/toolchain/other-version.ts). */
export const NEXT = "v1.36.4+k3s1";

const UPGRADE = "upgrade";

/** `up` succeeds, and after that of another version each node has it. */
const comesAbout: Invariant = {
  name: "changes come about",
  broken: ({ variant, notes = [] }) =>
    notes.flatMap(({ text }) => {
      const others = text.match(/ v\d[^ ,]*/g)?.filter((version) => version.trim() !== NEXT);
      const isLate = variant === UPGRADE && (others === undefined || others.length > 0);
      return text.startsWith("up failed") || isLate ? [text] : [];
    }),
};

const VARIANTS: readonly Variant[] = [
  after("drain-raspberrypi", `${PI} is drained, and takes pods again`, [drain(PI)]),
  after("drain-workernode", `${WORKER} is drained, and takes pods again`, [drain(WORKER)]),
  after("reboot-raspberrypi", `${PI} is drained and restarts`, [drain(PI), reboot(PI)]),
  after(
    "reboot-workernode",
    `${WORKER} is drained and restarts, while visitors come by ${PI}`,
    [drain(WORKER), reboot(WORKER)],
    BY_PI,
  ),
  // The only server cannot be drained.
  after("reboot-masternode", `${SERVER} restarts`, [reboot(SERVER)]),
  after(UPGRADE, `K3s is upgraded to ${NEXT} and back, node by node`, [
    change({ k3s: { version: NEXT } }),
  ]),
  after("worker", "a worker is added, and removed", [
    change({ cloud: { workers: [{ name: WORKER }, { name: "SecondWorker" }] } }),
  ]),
];

export const MAINTENANCE: Experiment = {
  name: "maintenance",
  question: "Does a visit fail while nodes are drained, restarted, upgraded, added and removed?",
  variants: VARIANTS,
  repeats: 1,
  load: { visitsPerSecond: 20, votesPerSecond: 2, timeoutSeconds: 30 },
  // Each variant has its own.
  timeline: [],
  tail: 30,
  measures: [...noticed, seconds("node-not-ready"), seconds("even-again", "recover")],
  invariants: [noneFails, comesAbout, history, atRest, answersAtEnd, failsInWords],
  plots: [
    {
      ...{ kind: "timeline", name: "timeline", measure: failed.name },
      title: "What visitors and voters saw",
    },
  ],
};
