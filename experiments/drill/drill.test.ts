import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { describe as describeExperiment } from "../describe.ts";
import { InForce } from "../in-force.ts";
import type { LoadOptions, RunningLoad } from "../load.ts";
import { csv } from "../text.ts";
import { following, type Answer } from "../testing/scripted-site.ts";
import { DRILLS } from "./catalogue.ts";
import { carryOut, experimentOf } from "./drill.ts";
import { planDrill } from "./plan.ts";
import { clusterOf, placeOf } from "./testing/place.ts";

const GIVEN = { fault: "", stack: "dev", node: "", seconds: "", percent: "", yes: "" };
const quiet = (): void => undefined;

/** Sends nothing, has a row for each second all the same, and has time pass at once. */
function noLoad({ visits }: LoadOptions): Promise<RunningLoad> {
  const columns = ["at", "latency", "status", "error", "method", "id", "pod", "node"];
  const fixed = (n: number): string => n.toFixed(6);
  const rows = Array.from({ length: 100 }, (_, at) =>
    at === 16
      ? [fixed(at), fixed(30), 0, "timeout", "GET", "", "", ""]
      : [fixed(at), fixed(at === 17 ? 2 : 0.01), 200, "", "GET", "", "website-1", "workernode"],
  );
  writeFileSync(visits, csv([columns, ...rows]));
  let now = 0;
  return Promise.resolve({
    zeroUnixMicroseconds: 0,
    now: () => (now += 20),
    stop: () =>
      Promise.resolve({
        ...{ cpuShare: 0.01, cpuSeconds: 1, seconds: 105, latestStartSeconds: 0, visits: 100 },
        ...{ votes: 0, repeated: 0, acknowledged: 0, refused: 0, unacknowledged: 0 },
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

async function planned(fault: string, place = placeOf(), node = "") {
  return planDrill({ ...GIVEN, fault, node }, place, { isTerminal: true, say: quiet });
}

describe("a drill", () => {
  let drills: string;
  beforeEach(() => {
    drills = mkdtempSync(join(tmpdir(), "fogline-drills-"));
    return () => {
      rmSync(drills, { recursive: true });
    };
  });

  /** The stack dev, whose watches say what is there. */
  function standing(answer: Answer = clusterOf()) {
    const site = { watch: () => following("ADDED raspberrypi True") };
    return { ...placeOf(answer, { site }), inForce: join(drills, "dev") };
  }

  function run(
    plan: Awaited<ReturnType<typeof planned>>,
    place: ReturnType<typeof standing>,
    end?: AbortSignal,
  ) {
    const now = new Date("2026-11-28T12:34:56.789Z");
    const signal = end ?? new AbortController().signal;
    return carryOut(plan, place, { say: quiet, signal, now, drills, sendLoad: noLoad });
  }

  it("harms and restores a stack as it is, asks no database, and leaves the report of an experiment", async () => {
    const place = standing();
    const plan = await planned("k3s-stop", place, "raspberrypi");
    const { lines, isWell } = await run(plan, place);
    const folder = join(drills, "dev", "2026-11-28T12-34-56Z", "drill-k3s-stop");
    expect(lines).toEqual([
      "visits: 1 of 100 failed, 1 took longer than 1 s",
      "endpoints dropped: after 0 s",
      "replacement ready: none",
      "the stack is as it was",
      expect.stringMatching(/^report: .*drill-k3s-stop\/report\.md$/),
    ]);
    expect(isWell).toBe(true);
    const report = readFileSync(join(folder, "report.md"), "utf8");
    expect(report).toContain(
      "What do visitors notice when raspberrypi of dev has the fault k3s-stop",
    );
    expect(readFileSync(join(folder, "timeline.svg"), "utf8")).toContain("<svg");
    const harm = place.site.did.filter((did) => !did.startsWith("kubectl get"));
    expect(harm).toEqual(["raspberrypi: ACTION='stop' LIMIT='180'", "raspberrypi: ACTION='start'"]);
  });

  it("that cannot be undone says so, and the next one knows", async () => {
    const cluster = clusterOf();
    const place = standing((did, asked) =>
      did.includes("'start'") ? new Error("it does not start") : cluster(did, asked),
    );
    const plan = await planned("k3s-stop", place, "raspberrypi");
    await expect(run(plan, place)).rejects.toThrow("it does not start");
    expect(new InForce(join(drills, "dev", "dev.json")).all()).toEqual([plan.fault]);
  });

  it("that is ended from outside is undone", async () => {
    const ending = new AbortController();
    const cluster = clusterOf();
    const place = standing((did, asked) => {
      if (did.includes("'stop'")) {
        ending.abort();
      }
      return cluster(did, asked);
    });
    const plan = await planned("k3s-stop", place, "raspberrypi");
    const ran = run(plan, place, ending.signal);
    await expect(ran).rejects.toThrow(expect.objectContaining({ name: "AbortError" }) as Error);
    expect(place.site.did.at(-1)).toBe("raspberrypi: ACTION='start'");
    expect(new InForce(join(drills, "dev", "dev.json")).all()).toEqual([]);
  });
});

describe("the experiment of a drill", () => {
  it.each(DRILLS.map(({ name, where }) => [name, where] as const))(
    "%s can be described, as its report needs",
    async (fault, where) => {
      const place = { ...placeOf(), isLab: true };
      const plan = await planned(fault, place, where === "node" ? "raspberrypi" : "");
      const experiment = experimentOf(plan, place);
      expect(describeExperiment(experiment).name).toBe(`drill-${fault}`);
      expect(experiment.timeline.map(({ at }) => at)).toEqual([15, 15 + plan.seconds]);
    },
  );

  it("casts votes in the lab alone, and looks after them there", async () => {
    const [own, lab] = [placeOf(), { ...placeOf(), isLab: true }];
    const plan = await planned("pod-kill");
    expect(experimentOf(plan, own).load.votesPerSecond).toBe(0);
    expect(experimentOf(plan, own).invariants.map(({ name }) => name)).not.toContain("votes");
    expect(experimentOf(plan, lab).load.votesPerSecond).toBe(2);
    expect(experimentOf(plan, lab).invariants.map(({ name }) => name)).toContain("votes");
  });
});
