/**
 * What timers of the failover ask of each other, and of other sections. Below these floors a cluster takes
 * healthy nodes for lost, or a request is given up before it could be sent to another pod. Pure.
 */
import { timersOf, type FailoverSettings, type TimerName, type Timers } from "./failover.ts";
import type { Known } from "./known.ts";
import type { Problem } from "./problems.ts";

/** Part of a lease after which kubelet renews it, and how much longer it may take (pkg/kubelet/kubelet.go, lease controller). */
const RENEWAL = { fraction: 0.25, jitter: 1.04 } as const;

/** Renewals that may be lost in a row. Kubernetes asks for "N times" and gives five in 50 s (node_lifecycle_controller.go). */
const LOST_RENEWALS = 3;

/** What a website's answer takes beside waiting for its database, milliseconds. */
const ANSWER_MARGIN_MS = 500;

/** Linux forgets a UDP flow that was answered only once after 30 s (nf_conntrack-sysctl), and home routers run Linux. */
export const NAT_SECONDS = 30;

/** First K3s whose kubelet reads a folder of configurations (docs.k3s.io/installation/configuration). */
const DROP_IN_SINCE = 32;

/** Longest time between two renewals of a lease on a quiet network, seconds. */
export function renewalSeconds({ leaseSeconds }: Pick<Timers, "leaseSeconds">): number {
  return leaseSeconds * RENEWAL.fraction * RENEWAL.jitter;
}

/** What several timers must be together. */
interface Rule {
  /** Each of them; a problem stands at the first that a stack sets itself. */
  readonly timers: readonly TimerName[];
  /** What is wrong, after the names and values of its timers; undefined where nothing is. */
  readonly broken: (timers: Timers) => { readonly rule: string; readonly fix: string } | undefined;
}

const tolerance = (name: "tolerationSeconds" | "defaultTolerationSeconds"): Rule => ({
  timers: [name, "statusSeconds"],
  broken: (timers) =>
    timers[name] >= timers.statusSeconds
      ? undefined
      : {
          rule: "pods leave a node that was taken for lost by mistake before it can say that it is there, with its next status",
          fix: `make ${name} at least statusSeconds`,
        },
});

/** By a name for tests and documents. */
export const RULES: Readonly<Record<string, Rule>> = {
  "scan within grace": {
    timers: ["monitorSeconds", "graceSeconds"],
    broken: ({ monitorSeconds, graceSeconds }) =>
      monitorSeconds < graceSeconds
        ? undefined
        : {
            rule: "the controller looks at leases less often than they may stand still",
            fix: "make monitorSeconds a tenth of graceSeconds",
          },
  },
  "renewals within grace": {
    timers: ["graceSeconds", "leaseSeconds"],
    broken: (timers) => {
      const least = LOST_RENEWALS * renewalSeconds(timers);
      return timers.graceSeconds >= least
        ? undefined
        : {
            rule: `the lease is renewed every ${seconds(renewalSeconds(timers))}, and ${LOST_RENEWALS} renewals that are lost in a row take ${seconds(least)}`,
            fix: `make graceSeconds at least ${round(least)}, or leaseSeconds shorter`,
          };
    },
  },
  "heartbeats within grace": {
    timers: ["graceSeconds", "statusSeconds", "leaseSeconds"],
    broken: ({ graceSeconds, statusSeconds, leaseSeconds }) => {
      const limit = Math.min(statusSeconds, leaseSeconds);
      return graceSeconds > 2 * limit
        ? undefined
        : {
            rule: `a heartbeat that hangs is given up after the shorter of statusSeconds and leaseSeconds (${seconds(limit)}), and a second try does not fit into the grace`,
            fix: `make graceSeconds more than ${2 * limit}, or the shorter of the others shorter`,
          };
    },
  },
  "connection made anew within grace": {
    timers: ["graceSeconds", "pingIdleSeconds", "pingTimeoutSeconds"],
    broken: ({ graceSeconds, pingIdleSeconds, pingTimeoutSeconds }) =>
      graceSeconds > pingIdleSeconds + pingTimeoutSeconds
        ? undefined
        : {
            rule: `a connection that died unseen is made anew after ${seconds(pingIdleSeconds + pingTimeoutSeconds)}, and until then no heartbeat arrives: a healthy node counts as lost`,
            fix: `make graceSeconds more than ${pingIdleSeconds + pingTimeoutSeconds}, or the sum of the others smaller`,
          },
  },
  "status within toleration": tolerance("tolerationSeconds"),
  "status within default toleration": tolerance("defaultTolerationSeconds"),
  "dials within tries": {
    timers: ["triesMs", "dialMs", "tries"],
    broken: ({ triesMs, dialMs, tries }) =>
      tries === 1 || triesMs === 0 || triesMs >= dialMs * tries
        ? undefined
        : {
            rule: `${tries} pods that take no connection cost ${dialMs * tries} ms, and the last ones are not tried`,
            fix: `make triesMs at least ${dialMs * tries}, or dialMs or tries smaller`,
          },
  },
  "silence within tries": {
    timers: ["triesMs", "answerMs", "dialMs", "tries"],
    broken: ({ triesMs, answerMs, dialMs, tries }) =>
      tries === 1 || (answerMs > 0 && (triesMs === 0 || triesMs > answerMs + dialMs))
        ? undefined
        : {
            rule:
              answerMs === 0
                ? "a pod that is silent is waited for for ever, and no other one is tried"
                : "a request that met a silent pod is given up before another one is tried",
            fix: "make answerMs more than 0, and triesMs more than answerMs and dialMs together",
          },
  },
  "database within answer": {
    timers: ["answerMs", "databaseMs"],
    broken: ({ answerMs, databaseMs }) => {
      const least = 2 * databaseMs + ANSWER_MARGIN_MS;
      return answerMs === 0 || answerMs >= least
        ? undefined
        : {
            rule: "the website may wait twice databaseMs for its database, and a request that Traefik gives up before is sent to all other pods, which wait as well",
            fix: `make answerMs at least ${least}, or databaseMs smaller`,
          };
    },
  },
};

/** Names of the rules that values break. */
export function brokenRules(timers: Timers): string[] {
  return Object.entries(RULES).flatMap(([name, { broken }]) =>
    broken(timers) === undefined ? [] : [name],
  );
}

/**
 * Every problem of the section. A rule between timers that a stack leaves as its profile has them is not looked
 * at: `moderate` stands below two floors, as earlier releases did (docs/failover.md).
 */
export function failoverRules(known: Known): Problem[] {
  const { failover, overlay, k3s } = known;
  // Without its profile, nobody knows the other timers.
  if (failover.profile === undefined) {
    return [];
  }
  const timers = timersOf(failover);
  return [
    ...Object.values(RULES).flatMap((rule) => problemsOf(rule, failover, timers)),
    ...keepaliveRules(failover.keepaliveSeconds, overlay.kind),
    ...dropInRules(timers, failover, k3s.version),
  ];
}

function problemsOf(
  { timers: names, broken }: Rule,
  own: Partial<FailoverSettings>,
  timers: Timers,
): Problem[] {
  const first = names.find((name) => own[name] !== undefined);
  const found = first === undefined ? undefined : broken(timers);
  if (first === undefined || found === undefined) {
    return [];
  }
  const others = names
    .filter((name) => name !== first)
    .map((name) => `fogline:failover.${name} ${timers[name]}`);
  return [
    {
      path: `fogline:failover.${first}`,
      rule: `is ${timers[first]} with ${others.join(" and ")}: ${found.rule}`,
      fix: found.fix,
    },
  ];
}

function keepaliveRules(own: number | undefined, kind: string | undefined): Problem[] {
  const path = "fogline:failover.keepaliveSeconds";
  if (own === undefined) {
    return [];
  }
  if (kind === "netmaker") {
    return [
      {
        path,
        rule: "means nothing with fogline:overlay.kind netmaker, whose server gives its members theirs",
        fix: "remove it",
      },
    ];
  }
  return own < NAT_SECONDS
    ? []
    : [
        {
          path,
          rule: `is ${own}, and the router between a device and fogline:overlay.listenPort forgets a silent flow after ${NAT_SECONDS} s`,
          fix: `make it less than ${NAT_SECONDS}`,
        },
      ];
}

/** The length of a lease is not among kubelet's arguments, but in a file of a folder that older ones do not read. */
function dropInRules(
  { leaseSeconds }: Timers,
  { profile, leaseSeconds: own }: Partial<FailoverSettings>,
  version: string | undefined,
): Problem[] {
  const minor = Number(/^v1\.(\d+)\./.exec(version ?? "")?.[1] ?? Infinity);
  if (leaseSeconds === timersOf({ profile: "stock" }).leaseSeconds || minor >= DROP_IN_SINCE) {
    return [];
  }
  const name = own === undefined ? "profile" : "leaseSeconds";
  return [
    {
      path: `fogline:failover.${name}`,
      rule: `is ${own ?? profile ?? ""}, and K3s ${version ?? ""} (fogline:k3s.version) cannot be told the length of a lease, which is ${leaseSeconds} s here`,
      fix: `update K3s to v1.${DROP_IN_SINCE} or later first`,
    },
  ];
}

function seconds(value: number): string {
  return `${round(value)} s`;
}

function round(value: number): number {
  return Math.ceil(value * 100) / 100;
}
