import { describe, expect, it } from "vitest";

import {
  FALSE_ALARM_RUN,
  longestSilence,
  sumOf,
  untilDropped,
  untilReplaced,
} from "./failover-chain.ts";
import { brokenRules, RULES } from "./failover-rules.ts";
import {
  failover,
  given,
  PROFILES,
  TIMER_NAMES,
  TIMERS,
  timersOf,
  type Timer,
} from "./failover.ts";
import { SettingsError, type Problem } from "./problems.ts";
import { parse } from "./schema.ts";

const valid = {
  cloud: { sshFrom: ["203.0.113.7/32"] },
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: "0".repeat(64) } },
};

/** What is wrong with a section `failover` beside valid ones, and others that differ. */
function problemsOf(own: object, over: Readonly<Record<string, object>> = {}): readonly Problem[] {
  try {
    parse({ ...valid, failover: own, ...over });
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe("the table of timers", () => {
  const timers: readonly (readonly [string, Timer])[] = Object.entries(TIMERS);

  it.each(timers)(
    "says of %s what it means, where it comes from, and its unit in its name",
    (name, timer) => {
      for (const text of [timer.meaning, timer.source, timer.why]) {
        expect(text).not.toBe("");
      }
      expect(name).toMatch({ s: /Seconds$/, ms: /Ms$/, number: /^tries$/ }[timer.unit]);
    },
  );

  it.each(timers)("has values of %s that can be set", (name, { values }) => {
    for (const value of Object.values(values)) {
      expect(failover.safeParse({ [name]: value }).success).toBe(true);
    }
  });

  it.each(timers)("names the timers that %s must fit, as they name it", (name, timer) => {
    const rules = Object.values(RULES).map(({ timers: names }) => names as readonly string[]);
    const partners = rules.filter((names) => names.includes(name)).flat();
    const others = [...new Set(partners)].filter((other) => other !== name);
    expect([...timer.with].sort()).toEqual(others.sort());
  });

  it("is slowest in stock and fastest in fast", () => {
    for (const name of [
      "leaseSeconds",
      "graceSeconds",
      "tolerationSeconds",
      "routeSyncSeconds",
    ] as const) {
      const [stock, moderate, fast] = PROFILES.map((profile) => TIMERS[name].values[profile]);
      expect(stock).toBeGreaterThanOrEqual(moderate ?? NaN);
      expect(moderate).toBeGreaterThan(fast ?? NaN);
    }
  });
});

describe("values of a stack", () => {
  it("are those of its profile, and its own in their places", () => {
    const timers = timersOf({ profile: "fast", graceSeconds: 8 });
    expect(timers).toEqual({ ...timersOf({ profile: "fast" }), graceSeconds: 8 });
    expect(timersOf({})).toEqual(timersOf({ profile: "moderate" }));
    expect(Object.keys(timers)).toEqual(TIMER_NAMES);
  });

  it("need not be told to a program that has them by itself", () => {
    const stock = timersOf({ profile: "stock" });
    expect(
      TIMER_NAMES.map((name) => given(stock, name)).filter((each) => each !== undefined),
    ).toEqual([]);
    expect(given(timersOf({}), "graceSeconds")).toBe(20);
  });

  it("default to moderate, which changes nothing on machines of earlier releases", () => {
    expect(parse(valid).failover).toEqual({ profile: "moderate" });
  });
});

describe("the profiles", () => {
  it.each(["stock", "fast"] as const)("%s breaks no rule", (profile) => {
    expect(brokenRules(timersOf({ profile }))).toEqual([]);
  });

  it("moderate stands below two floors, as earlier releases did", () => {
    expect(brokenRules(timersOf({ profile: "moderate" }))).toEqual([
      "renewals within grace",
      "connection made anew within grace",
    ]);
  });

  it.each(PROFILES)("%s is taken as it is", (profile) => {
    expect(problemsOf({ profile })).toEqual([]);
  });

  it("fast drops endpoints within 7 s and has pods ready within 12 s, at worst", () => {
    const timers = timersOf({ profile: "fast" });
    const dropped = untilDropped(timers);
    expect(sumOf(dropped)).toBeLessThanOrEqual(7);
    expect(sumOf([...dropped, ...untilReplaced(timers)])).toBeLessThanOrEqual(12);
  });

  it("stock takes about the five minutes that are written of it", () => {
    const timers = timersOf({ profile: "stock" });
    const seconds = sumOf([...untilDropped(timers), ...untilReplaced(timers)]);
    expect(seconds).toBeGreaterThan(300);
    expect(seconds).toBeLessThan(380);
  });

  it("fast does not take a node for lost that stood still for 3 s, with packets lost", () => {
    const timers = timersOf({ profile: "fast" });
    expect(longestSilence(timers, FALSE_ALARM_RUN)).toBeLessThan(timers.graceSeconds);
    // Of a lease of 4 s, which is renewed every second, it would be too little.
    const slower = { ...timers, leaseSeconds: 4 };
    expect(longestSilence(slower, FALSE_ALARM_RUN)).toBeGreaterThan(timers.graceSeconds);
  });
});

describe("settings of the failover", () => {
  it.each<readonly [string, object, string, readonly string[]]>([
    [
      "scans slower than the grace",
      { profile: "fast", monitorSeconds: 6 },
      "monitorSeconds",
      ["graceSeconds 5.5"],
    ],
    [
      "a grace below three renewals",
      { graceSeconds: 31 },
      "graceSeconds",
      ["leaseSeconds 40", "every 10.4 s"],
    ],
    [
      "a lease that is too long for the grace",
      { profile: "fast", leaseSeconds: 8 },
      "leaseSeconds",
      ["graceSeconds 5.5"],
    ],
    [
      "a grace below a dead connection's end",
      { profile: "stock", graceSeconds: 45 },
      "graceSeconds",
      ["pingIdleSeconds 30", "pingTimeoutSeconds 15", "45 s"],
    ],
    [
      "a heartbeat that hangs for as long as the grace",
      { profile: "fast", statusSeconds: 3, leaseSeconds: 3 },
      "statusSeconds",
      ["graceSeconds 5.5", "leaseSeconds 3"],
    ],
    [
      "pods that leave before their node can speak",
      { profile: "fast", tolerationSeconds: 0 },
      "tolerationSeconds",
      ["statusSeconds 2"],
    ],
    [
      "the same of all other pods",
      { defaultTolerationSeconds: 3 },
      "defaultTolerationSeconds",
      ["statusSeconds 5"],
    ],
    ["more dials than fit", { dialMs: 2000 }, "dialMs", ["triesMs 12000", "tries 8", "16000 ms"]],
    [
      "silence longer than all tries",
      { triesMs: 5000 },
      "triesMs",
      ["answerMs 5000", "dialMs 500"],
    ],
    ["silence without an end", { answerMs: 0 }, "answerMs", ["for ever"]],
    [
      "a database that is waited for longer than its visitors",
      { databaseMs: 3000 },
      "databaseMs",
      ["answerMs 5000", "twice"],
    ],
    [
      "a tunnel that its router forgets",
      { keepaliveSeconds: 30 },
      "keepaliveSeconds",
      ["overlay.listenPort", "30 s"],
    ],
  ])("refuse %s, naming both settings", (_, own, key, parts) => {
    const found = problemsOf(own).filter(({ path }) => path === `fogline:failover.${key}`);
    expect(found.length).toBeGreaterThan(0);
    const told = found.map(({ rule }) => rule).join("\n");
    for (const part of parts) {
      expect(told).toContain(part);
    }
    expect(found.every(({ fix }) => fix !== "")).toBe(true);
  });

  it("are told all at once, with those that are wrong in themselves", () => {
    const paths = problemsOf({
      ...{ profile: "fast", graceSecond: 4, tries: 0, leaseSeconds: 1.5 },
      ...{ tolerationSeconds: 1, monitorSeconds: 7 },
    }).map(({ path }) => path);
    expect(paths.sort()).toEqual(
      ["graceSecond", "leaseSeconds", "monitorSeconds", "tolerationSeconds", "tries"].map(
        (key) => `fogline:failover.${key}`,
      ),
    );
  });

  it("name the nearest setting, the profiles, and the bounds of a number", () => {
    expect(problemsOf({ graceSecond: 4 })[0]?.fix).toBe("did you mean graceSeconds?");
    expect(problemsOf({ profile: "faster", graceSeconds: 1 })).toEqual([
      expect.objectContaining({ fix: "use stock, moderate or fast" }),
    ]);
    expect(problemsOf({ graceSeconds: "20s" })[0]?.rule).toBe(
      "must be a number from 1 to 3600 (s)",
    );
  });

  it("may be changed one by one where they fit each other", () => {
    const own = { profile: "fast", graceSeconds: 12, monitorSeconds: 1, tolerationSeconds: 5 };
    expect(problemsOf(own)).toEqual([]);
    expect(timersOf(parse({ ...valid, failover: own }).failover).graceSeconds).toBe(12);
  });

  it("with a shorter lease want a K3s that can be told of it", () => {
    const k3s = { ...valid.k3s, version: "v1.31.9+k3s1" };
    expect(problemsOf({ profile: "fast" }, { k3s })).toEqual([
      expect.objectContaining({
        path: "fogline:failover.profile",
        rule: expect.stringContaining("K3s v1.31.9+k3s1 (fogline:k3s.version)") as string,
      }),
    ]);
    expect(problemsOf({ profile: "stock" }, { k3s })).toEqual([]);
  });

  it("have no keepalive where Netmaker's server gives it", () => {
    const overlay = { kind: "netmaker" };
    const found = problemsOf({ keepaliveSeconds: 20 }, { overlay });
    expect(found.map(({ path }) => path)).toContain("fogline:failover.keepaliveSeconds");
    expect(problemsOf({ profile: "fast" }, { overlay }).map(({ path }) => path)).not.toContain(
      "fogline:failover.keepaliveSeconds",
    );
  });
});
