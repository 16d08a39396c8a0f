import { describe, expect, it } from "vitest";

import type { Place } from "./place.ts";
import { planDrill, type Plan } from "./plan.ts";
import { DrillError, type Given } from "./refusals.ts";
import { clusterOf, placeOf } from "./testing/place.ts";

const NOTHING: Given = { fault: "", stack: "dev", node: "", seconds: "", percent: "", yes: "" };
const quiet = (): void => undefined;

function planned(
  given: Partial<Given>,
  place: Place = placeOf(),
  isTerminal = true,
): Promise<Plan> {
  return planDrill({ ...NOTHING, ...given }, place, { isTerminal, say: quiet });
}

/** Each problem as `name: rule. fix`. */
async function problems(...asked: Parameters<typeof planned>): Promise<string[]> {
  const error: unknown = await planned(...asked).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DrillError);
  return (error as DrillError).problems.map(({ path, rule, fix }) => `${path}: ${rule}. ${fix}`);
}

describe("a drill", () => {
  it("is of the machine that is named, in whatever case, as the stack file names it", async () => {
    const { machine, fault, seconds, scene } = await planned({
      fault: "silence",
      node: "WORKERnode",
    });
    expect(machine).toBe("WorkerNode");
    expect(fault).toEqual({ kind: "stall", machine: "WorkerNode", seconds: 60 });
    expect(seconds).toBe(60);
    expect(scene).toMatchObject({ node: "workernode", ownUrls: ["http://192.0.2.18/"] });
    // A device that no inventory lists is called as its node.
    expect((await planned({ fault: "k3s-kill", node: "RaspberryPi" })).machine).toBe("raspberrypi");
  });

  it("that nobody undoes ends by itself two minutes later", async () => {
    const stopped = await planned({ fault: "k3s-stop", node: "raspberrypi", seconds: "45" });
    expect(stopped.fault).toEqual({
      ...{ kind: "k3s-stop", machine: "raspberrypi", limitSeconds: 165 },
    });
    const { fault } = await planned({ fault: "dns-down" });
    expect(fault).toEqual({
      ...{ kind: "dns-down", guard: { machine: "MasterNode", seconds: 180 } },
    });
  });

  it("of the database is of the machine that it runs on", async () => {
    expect((await planned({ fault: "database-kill" })).machine).toBe("WorkerNode");
    const named = await planned({ fault: "database-kill", node: "workernode" });
    expect(named.machine).toBe("WorkerNode");
  });

  it("loses as many packets as it is told to", async () => {
    const given = { fault: "loss", node: "raspberrypi" };
    expect((await planned(given)).fault).toMatchObject({ percent: 10, direction: "both" });
    expect((await planned({ ...given, percent: "25" })).fault).toMatchObject({ percent: 25 });
  });

  it("looks only", async () => {
    const place = placeOf();
    await planned({ fault: "pod-kill" }, place);
    expect(place.site.did.every((did) => did.startsWith("kubectl get "))).toBe(true);
  });
});

describe("a drill is refused", () => {
  it("for everything that stands against it, at once", async () => {
    const place = placeOf(clusterOf({ drained: "workernode", notReady: "raspberrypi" }), {
      site: { urls: [] },
    });
    const given = { fault: "loss", node: "attic", seconds: "5000", percent: "100", yes: "prod" };
    expect(await problems(given, place, false)).toEqual([
      "--seconds=5000: must be a whole number from 5 to 600. write it like ARGS=--seconds=60",
      "--percent=100: must be a whole number from 1 to 25. write it like ARGS=--percent=10",
      "--yes=prod: agrees to another stack than dev. ARGS=--yes=dev agrees beforehand",
      expect.stringMatching(/^the stack dev: has no address of the website/),
      "NODE=attic: the cluster has no such node. use NODE=masternode or NODE=raspberrypi or NODE=workernode",
      "the cluster: the node raspberrypi is not Ready. wait until it is at rest, or mend it",
      "the cluster: the node workernode is drained: it takes no pods. make undrain NODE=workernode STACK=dev",
    ]);
    expect(place.site.did.every((did) => did.startsWith("kubectl get "))).toBe(true);
  });

  it.each([
    [{ fault: "" }, /^FAULT=: is not given\. use pod-kill, out-of-memory, /],
    [{ fault: "meteor" }, /^FAULT=meteor: is no drill\. use pod-kill, /],
    [{ fault: "sillence" }, /is no drill\. did you mean silence\? use pod-kill, /],
    [{ fault: "disk-full" }, /^FAULT=disk-full: is for the lab alone: a disk that is full/],
    [{ fault: "silence" }, /^NODE=: is not given\. use NODE=masternode or/],
    [{ fault: "pod-kill", node: "workernode" }, /^NODE=workernode: is not wanted: .*leave it out/],
    [
      { fault: "database-kill", node: "raspberrypi" },
      /^NODE=raspberrypi: the database is on workernode/,
    ],
    [{ fault: "pod-kill", percent: "5" }, /^--percent=5: is of FAULT=loss, not of pod-kill/],
    [
      { fault: "pod-kill", seconds: "soon" },
      /^--seconds=soon: must be a whole number from 5 to 600/,
    ],
  ])("%o", async (given, words) => {
    const told = await problems(given);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(words);
  });

  it("where nobody is at a terminal to agree, or to take the power", async () => {
    expect(await problems({ fault: "pod-kill" }, placeOf(), false)).toEqual([
      "--yes: is not given, and nobody is at a terminal to be asked. ARGS=--yes=dev agrees beforehand",
    ]);
    const off = { fault: "power-off", node: "raspberrypi", yes: "dev" };
    expect(await problems(off, placeOf(), false)).toEqual([
      expect.stringContaining("needs a person who takes the machine's power"),
    ]);
    // The lab takes it itself.
    const lab = { ...placeOf(), isLab: true };
    expect((await planned(off, lab, false)).fault.kind).toBe("power-off");
  });

  it("where its scripts do not reach the machine that they are for, or lack a program there", async () => {
    const tried: string[] = [];
    const tryOn = (machine: string, script: string): Promise<never> => {
      tried.push(`${machine}: ${/for each in (.*); do/.exec(script)?.[1] ?? ""}`);
      return Promise.reject(
        new Error(`${machine} cannot be reached: no route. fix: see that this logs in: ssh`),
      );
    };
    const place = placeOf(undefined, { tryOn });
    expect(await problems({ fault: "silence", node: "raspberrypi" }, place)).toEqual([
      "raspberrypi: raspberrypi cannot be reached: no route. see that this logs in: ssh",
    ]);
    expect(await problems({ fault: "dns-down" }, place)).toHaveLength(1);
    expect(tried).toEqual([
      "raspberrypi: ip:iproute2 nft:nftables",
      "MasterNode: systemd-run:systemd",
    ]);
    // It needs none.
    await planned({ fault: "pod-kill" }, place);
  });

  it("where the cluster has no database or no website, or does not answer", async () => {
    const none = placeOf(clusterOf({ website: [], database: undefined }));
    expect(await problems({ fault: "database-kill" }, none)).toEqual([
      expect.stringContaining("the database runs on no machine"),
      "the cluster: the website has no pod. bring the stack up",
    ]);
    const gone = placeOf(() => new Error("connection refused"));
    expect(await problems({ fault: "meteor" }, gone)).toEqual([
      expect.stringContaining("is no drill"),
      expect.stringContaining("the cluster does not answer: connection refused"),
    ]);
  });
});
