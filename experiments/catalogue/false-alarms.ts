/** What a bad network costs a cluster that nothing has died in. */
import { column, LONGEST } from "../faults/network/script.ts";
import { failed, latency, reading, slow } from "../measures.ts";
import type {
  Experiment,
  Fault,
  Invariant,
  Measure,
  Moment,
  Seconds,
  Stall,
  Variant,
} from "../model.ts";
import { alarms } from "../probes/alarms.ts";
import { cost } from "../probes/cost.ts";
import { reach } from "../probes/reach.ts";
import { history } from "../votes.ts";

/** Machines whose lines are bad, and that stall in turn. */
const BAD = ["WorkerNode", "raspberrypi"] as const;
/** Machines whose cost is counted. */
const ALL = ["MasterNode", ...BAD] as const;

/** From the first request until the lines are bad. */
const QUIET: Seconds = 20;
const MINUTE: Seconds = 60;
const STALL: Seconds = 3;
/**
 * A stall begins up to so long after its mark, as machines are told one after another, and a node that was silent may
 * be found so a moment later.
 */
const SLACK: Seconds = 3;

const VARIANTS: readonly Variant[] = (["fast", "stock"] as const).map((profile) => ({
  name: profile,
  label: `profile ${profile}`,
  settings: { failover: { profile } },
}));

/** 2 % of the packets of each direction, and 50 ± 20 ms on the way out. */
const LINES: readonly Fault[] = BAD.flatMap((machine): Fault[] => [
  { kind: "loss", machine, percent: 2, direction: "both" },
  { kind: "delay", machine, milliseconds: 50, jitterMilliseconds: 20 },
]);

/** Every minute one of the machines, in turn. */
function stalls(minutes: number): readonly { readonly at: Seconds; readonly inject: Stall }[] {
  return Array.from({ length: minutes }, (_, n) => ({
    at: (n + 1) * MINUTE,
    inject: { kind: "stall", machine: BAD[n % BAD.length] ?? BAD[0], seconds: STALL },
  }));
}

/** No pod of any namespace was evicted. */
const noEvictions: Invariant = {
  name: "evictions",
  broken: ({ readings }) => {
    const evictions = readings?.["evictions"];
    return evictions === 0
      ? []
      : [evictions === undefined ? "they were not counted" : `${evictions} pods were evicted`];
  },
};

/** Parts whose cost depends on the profile, with what they are called in reports. */
const PARTS = {
  k3s: "K3s",
  containerd: "containerd",
  overlay: "WireGuard",
  reach: "questions between nodes",
  ingress: "Traefik",
} as const;

function costs(machine: string): readonly Measure[] {
  const of = (name: string, label: string): Measure =>
    reading(column(machine, name), `${machine}: ${label}`);
  return [
    of("cpu_cores", "processor, cores"),
    ...Object.entries(PARTS).flatMap(([part, label]) => [
      of(`${part}_cpu_cores`, `processor of ${label}, cores`),
      of(`${part}_memory_mib`, `memory of ${label}, MiB`),
    ]),
    of("sent_kbit_s", "sent, kbit/s"),
    of("received_kbit_s", "received, kbit/s"),
  ];
}

/** What the lines were really like. */
function lines(machine: string): readonly Measure[] {
  const of = (kind: string, name: string, label: string): Measure =>
    reading(column(kind, machine, name), `${machine}: ${label}`);
  return [
    of("delay", "given_mean_ms", "mean delay of what it sent, ms"),
    of("delay", "given_p99_ms", "99th percentile of that delay, ms"),
    of("delay", "dropped", "packets that the relay dropped"),
    of("delay", "relay_cpu_s", "processor time of the relay, s"),
    of("loss", "in_dropped", "packets that it lost on the way in"),
    of("loss", "out_dropped", "packets that it lost on the way out"),
  ];
}

/**
 * @param minutes how long the lines are bad and machines stall
 * @throws Error where faults would end by themselves before
 */
function falseAlarms(name: string, minutes: number): Experiment {
  const most = LONGEST / MINUTE - 2;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > most) {
    throw new Error(`--minutes ${minutes} must be a whole number from 1 to ${most}`);
  }
  const silent = stalls(minutes);
  const end = (minutes + 1) * MINUTE;
  const timeline: readonly Moment[] = [
    ...LINES.map((inject) => ({ at: QUIET, inject })),
    ...silent,
    ...LINES.map((recover) => ({ at: end, recover })),
  ];
  const isExplained = (at: Seconds): boolean =>
    silent.some((each) => at >= each.at && at <= each.at + STALL + SLACK);
  return {
    name,
    question:
      "How often does a cluster take a node for dead that is alive, with 2 % loss, 50 ± 20 ms and a stall of 3 s every minute, and what does its watchfulness cost?",
    variants: VARIANTS,
    repeats: 1,
    load: { visitsPerSecond: 10, votesPerSecond: 1, timeoutSeconds: 30 },
    timeline,
    tail: 30,
    probes: [alarms, reach(BAD, isExplained), cost(ALL)],
    measures: [
      reading("evictions", "evicted pods"),
      reading("not_ready", "times that a node was given up"),
      reading("reach_alarms", "times that a node was taken for silent without a stall"),
      failed,
      slow,
      latency("all"),
      latency("all", "p99"),
      ...ALL.flatMap(costs),
      ...BAD.flatMap(lines),
    ],
    invariants: [noEvictions, history],
    lasting: (other) => falseAlarms(`${FALSE_ALARMS_NAME}-${other}min`, other),
  };
}

const FALSE_ALARMS_NAME = "false-alarms";

export const FALSE_ALARMS: Experiment = falseAlarms(FALSE_ALARMS_NAME, 60);
