/**
 * Every timer between the moment a machine falls silent and the moment its pods are replaced: what it means,
 * its value in each profile, and where that comes from. Pure. docs/failover.md adds them up.
 *
 * Sources are of Kubernetes 1.36.3, K3s 1.36, Traefik 3.7 and WireGuard's wg(8).
 */
import { z } from "zod";

/**
 * Profiles, slowest first.
 *
 * - `stock`: what K3s, Kubernetes and Traefik do by themselves.
 * - `moderate`: what this program has always set.
 * - `fast`: endpoints dropped within 7 s and pods replaced within 12 s, as far as timers decide it.
 */
export const PROFILES = ["stock", "moderate", "fast"] as const;
export type Profile = (typeof PROFILES)[number];

/** Holds where a stack names none: an upgrade then changes nothing on a machine. */
export const DEFAULT_PROFILE: Profile = "moderate";

/** One timer. */
export interface Timer {
  /** What it is, with the option of the program that has it. */
  readonly meaning: string;
  /** Its unit; a `number` is a count. */
  readonly unit: "s" | "ms" | "number";
  readonly values: Readonly<Record<Profile, number>>;
  /** Smallest and largest value that the program which has it can be given. */
  readonly bounds: readonly [min: number, max: number];
  /** Whether the program that has it takes fractions. */
  readonly fractions?: true;
  /** Document or source file of the value in `stock`. */
  readonly source: string;
  /** Why `fast` has this value. */
  readonly why: string;
  /** Timers that it must fit (`failover-rules.ts`). */
  readonly with: readonly string[];
}

/** All of them, in the order in which they matter after a power-off. */
export const TIMERS = {
  leaseSeconds: {
    meaning:
      "how long a node's lease is; kubelet renews it four times as often (`nodeLeaseDurationSeconds`)",
    unit: "s",
    values: { stock: 40, moderate: 40, fast: 2 },
    bounds: [1, 600],
    source: "pkg/kubelet/apis/config/v1beta1/defaults.go; the quarter: pkg/kubelet/kubelet.go",
    why: "a renewal every 0.5 s: one that is lost costs little of the grace",
    with: ["graceSeconds", "statusSeconds"],
  },
  statusSeconds: {
    meaning:
      "how often kubelet looks whether the node's status changed; also the time limit of its heartbeats, if shorter than the lease (`node-status-update-frequency`)",
    unit: "s",
    values: { stock: 10, moderate: 5, fast: 2 },
    bounds: [1, 600],
    source:
      "pkg/kubelet/apis/config/v1beta1/defaults.go; the time limit: cmd/kubelet/app/server.go",
    why: "a node that is back says so within 2 s; a heartbeat may hang through a stall of the server of 3 s",
    with: ["graceSeconds", "leaseSeconds", "tolerationSeconds", "defaultTolerationSeconds"],
  },
  monitorSeconds: {
    meaning: "how often the controller looks at all leases (`node-monitor-period`)",
    unit: "s",
    values: { stock: 5, moderate: 5, fast: 0.5 },
    bounds: [0.1, 60],
    fractions: true,
    source: "k8s.io/cloud-provider config/v1alpha1/defaults.go",
    why: "twice in the sum, and cheap: it reads its own memory",
    with: ["graceSeconds"],
  },
  graceSeconds: {
    meaning:
      "how long a lease may stand still until the node counts as lost (`node-monitor-grace-period`)",
    unit: "s",
    values: { stock: 50, moderate: 20, fast: 5.5 },
    bounds: [1, 3600],
    fractions: true,
    source: "pkg/controller/nodelifecycle/config/v1alpha1/defaults.go",
    why: "longer than the silence after a stall of 3 s with three packets lost, which is 5.1 s",
    with: [
      "leaseSeconds",
      "statusSeconds",
      "monitorSeconds",
      "pingIdleSeconds",
      "pingTimeoutSeconds",
    ],
  },
  pingIdleSeconds: {
    meaning:
      "silence of an agent's connection to the server until it asks for a sign of life (`HTTP2_READ_IDLE_TIMEOUT_SECONDS`)",
    unit: "s",
    values: { stock: 30, moderate: 30, fast: 2 },
    bounds: [1, 600],
    source: "k8s.io/apimachinery pkg/util/net/http.go",
    why: "with the next one 4 s: a connection that died is made anew before the node counts as lost",
    with: ["graceSeconds", "pingTimeoutSeconds"],
  },
  pingTimeoutSeconds: {
    meaning:
      "how long it waits for that sign until it makes the connection anew (`HTTP2_PING_TIMEOUT_SECONDS`)",
    unit: "s",
    values: { stock: 15, moderate: 15, fast: 2 },
    bounds: [1, 600],
    source: "k8s.io/apimachinery pkg/util/net/http.go",
    why: "longer than a round trip of 140 ms with two packets lost, which is 1.2 s",
    with: ["graceSeconds", "pingIdleSeconds"],
  },
  tolerationSeconds: {
    meaning: "how long the website's pods stay bound to a lost node (`tolerationSeconds`)",
    unit: "s",
    values: { stock: 300, moderate: 10, fast: 2 },
    bounds: [0, 3600],
    source: "plugin/pkg/admission/defaulttolerationseconds/admission.go",
    why: "a node that was taken for lost by mistake has a moment to say so",
    with: ["statusSeconds"],
  },
  defaultTolerationSeconds: {
    meaning:
      "the same of pods that say nothing themselves, such as the cluster's DNS (`default-unreachable-toleration-seconds` and `default-not-ready-toleration-seconds`)",
    unit: "s",
    values: { stock: 300, moderate: 300, fast: 5 },
    bounds: [0, 3600],
    source: "plugin/pkg/admission/defaulttolerationseconds/admission.go",
    why: "new pods need DNS; visits do not wait for it, so it waits longer before it moves",
    with: ["statusSeconds"],
  },
  readinessSeconds: {
    meaning: "how often a pod of the website is asked whether it is ready (`periodSeconds`)",
    unit: "s",
    values: { stock: 10, moderate: 2, fast: 1 },
    bounds: [1, 60],
    source: "pkg/apis/core/v1/defaults.go",
    why: "the least that Kubernetes takes",
    with: [],
  },
  proxySyncSeconds: {
    meaning:
      "pause of kube-proxy between two changes of a node's rules (`iptables-min-sync-period`)",
    unit: "s",
    values: { stock: 1, moderate: 1, fast: 0.2 },
    bounds: [0.1, 30],
    fractions: true,
    source: "pkg/proxy/apis/config/v1alpha1/defaults.go",
    why: "a cluster of this size has few rules; the default is for thousands of Services",
    with: [],
  },
  routeSyncSeconds: {
    meaning: "pause of Traefik between two changes of its routes (`providersThrottleDuration`)",
    unit: "s",
    values: { stock: 2, moderate: 2, fast: 0.2 },
    bounds: [0.1, 60],
    fractions: true,
    source: "doc.traefik.io, reference of the static configuration",
    why: "endpoints that were dropped get no more requests from then on",
    with: [],
  },
  dialMs: {
    meaning: "how long Traefik waits for a pod to take a connection (`dialTimeout`)",
    unit: "ms",
    values: { stock: 30_000, moderate: 500, fast: 500 },
    bounds: [50, 60_000],
    source: "doc.traefik.io, reference of serversTransport",
    why: "three round trips of 140 ms; a lost first packet is sent again after 1 s only, so another pod is faster",
    with: ["answerMs", "tries", "triesMs"],
  },
  answerMs: {
    meaning: "how long Traefik waits for a pod's answer; 0 for ever (`responseHeaderTimeout`)",
    unit: "ms",
    values: { stock: 0, moderate: 5000, fast: 5000 },
    bounds: [0, 600_000],
    source: "doc.traefik.io, reference of serversTransport",
    why: "longer than the website waits for its database, which a dead node does not make faster",
    with: ["databaseMs", "dialMs", "tries", "triesMs"],
  },
  tries: {
    meaning: "how many pods a request is sent to at most, one after the other (`attempts`)",
    unit: "number",
    values: { stock: 1, moderate: 8, fast: 16 },
    bounds: [1, 20],
    source: "doc.traefik.io, middleware Retry: none without it",
    why: "with half of the pods gone, eight tries all meet gone ones one time in 256, sixteen one time in 65,000",
    with: ["answerMs", "dialMs", "triesMs"],
  },
  tryPauseMs: {
    meaning:
      "pause before the second of them; later ones grow up to twice as long (`initialInterval`)",
    unit: "ms",
    values: { stock: 0, moderate: 20, fast: 2 },
    bounds: [0, 10_000],
    source: "doc.traefik.io, middleware Retry",
    why: "the next pod is another one, so there is nothing to wait for",
    with: [],
  },
  triesMs: {
    meaning: "how long all of them may take together; 0 for ever (`timeout`)",
    unit: "ms",
    values: { stock: 0, moderate: 12_000, fast: 12_000 },
    bounds: [0, 600_000],
    source: "doc.traefik.io, middleware Retry",
    why: "two silent pods and a third that answers",
    with: ["dialMs", "answerMs", "tries"],
  },
  silenceMs: {
    meaning:
      "silence of a node after which the agents refuse their own connections to its pods; 0 for never",
    unit: "ms",
    values: { stock: 0, moderate: 0, fast: 300 },
    bounds: [0, 900],
    source: "components/k3s/scripts/reach.sh; as RFC 5880 does between routers",
    why: "six questions in a row without an answer; fewer are lost by chance on a bad line",
    with: [],
  },
  keepaliveSeconds: {
    meaning: "pause until a silent tunnel to the hub sends a packet (`PersistentKeepalive`)",
    unit: "s",
    values: { stock: 25, moderate: 15, fast: 15 },
    bounds: [1, 65_535],
    source: "wg(8), which recommends 25 behind NAT",
    why: "heartbeats keep a node's tunnel busy; half of what routers remember is enough for the rest",
    with: [],
  },
  databaseMs: {
    meaning:
      "how long the website waits for a connection to its database, and again for an answer (`DATABASE_TIMEOUT_MS`)",
    unit: "ms",
    values: { stock: 2000, moderate: 2000, fast: 2000 },
    bounds: [100, 60_000],
    source: "apps/website/service/src/settings.ts",
    why: "a new connection takes five round trips, over the hub 280 ms each: 1.4 s",
    with: ["answerMs"],
  },
} as const satisfies Readonly<Record<string, Timer>>;

export type TimerName = keyof typeof TIMERS;

/** Values of all timers. */
export type Timers = Readonly<Record<TimerName, number>>;

/** Their names, in the order of the table. */
export const TIMER_NAMES = Object.keys(TIMERS) as readonly TimerName[];

function field({ bounds: [min, max], unit, fractions }: Timer): z.ZodOptional<z.ZodNumber> {
  const kind = fractions === true ? "a number" : "a whole number";
  const error = `must be ${kind} from ${min} to ${max}${unit === "number" ? "" : ` (${unit})`}|write such a number; docs/failover.md has those of each profile`;
  const number = z.number({ error }).min(min, { error }).max(max, { error });
  return (fractions === true ? number : number.int({ error })).optional();
}

const fields = Object.fromEntries(
  Object.entries(TIMERS).map(([name, timer]) => [name, field(timer)]),
) as Readonly<Record<TimerName, z.ZodOptional<z.ZodNumber>>>;

/** Section `failover` of a stack's settings: a profile, and single timers that differ from it. */
export const failover = z
  .strictObject({
    profile: z
      .enum(PROFILES, {
        error: `must be a known profile|use ${PROFILES.slice(0, -1).join(", ")} or ${PROFILES.at(-1) ?? ""}`,
      })
      .default(DEFAULT_PROFILE),
    ...fields,
  })
  .meta({
    description:
      "how soon silent nodes are given up: `profile` (`stock`, `moderate`, `fast`), single timers (`docs/failover.md`)",
    without: `\`${DEFAULT_PROFILE}\``,
  });

export type FailoverSettings = Readonly<z.output<typeof failover>>;

/** The values that a stack has: those of its profile, and its own in their places. */
export function timersOf({ profile = DEFAULT_PROFILE, ...own }: Partial<FailoverSettings>): Timers {
  return Object.fromEntries(
    TIMER_NAMES.map((name) => [name, own[name] ?? TIMERS[name].values[profile]]),
  ) as Timers;
}

/**
 * A timer's value where the program that has it must be told; undefined where it has that value by itself, so
 * that nothing is written.
 */
export function given(timers: Timers, name: TimerName): number | undefined {
  return timers[name] === TIMERS[name].values.stock ? undefined : timers[name];
}
