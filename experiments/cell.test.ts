import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { runCell } from "./cell.ts";
import { InForce } from "./in-force.ts";
import type { RunningLoad } from "./load.ts";
import type { Fault, Moment, Probe, Readings } from "./model.ts";
import type { Following } from "./site.ts";
import { FAILOVER } from "./testing/made-up.ts";
import { following, scriptedSite, type Answer } from "./testing/scripted-site.ts";

const OFF = { kind: "power-off", machine: "pi" } as const;
const quiet = (): void => undefined;

/** A load that only tells the time. */
function noLoad(): Promise<RunningLoad> {
  const began = performance.now();
  return Promise.resolve({
    zeroUnixMicroseconds: 0,
    now: () => (performance.now() - began) / 1000,
    stop: () =>
      Promise.resolve({
        ...{ cpuShare: 0, cpuSeconds: 0, seconds: 0, latestStartSeconds: 0, visits: 0, votes: 0 },
        ...{ repeated: 0, acknowledged: 0, refused: 0, unacknowledged: 0 },
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

/** A machine with one uplink, and what its rules have counted. */
const UPLINK = [
  JSON.stringify([{ dst: "default", gateway: "192.0.2.1", dev: "eth0", flags: [] }]),
  JSON.stringify([
    { ifname: "eth0", mtu: 1500, addr_info: [{ local: "192.0.2.2", scope: "global" }] },
  ]),
].join("\n");
const COUNTERS = JSON.stringify({
  nftables: [
    { counter: { name: "in_seen", packets: 40 } },
    { counter: { name: "in_dropped", packets: 2 } },
  ],
});

/** What is there, of which nothing changes. */
const watch = (): Following => following("ADDED pi True");

describe("a cell", () => {
  let inForce: InForce;
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "fogline-"));
    inForce = new InForce(join(folder, "site.json"));
    return () => {
      rmSync(folder, { recursive: true });
    };
  });

  function run(
    timeline: readonly Moment[],
    answer?: Answer,
    { signal, probes = [] }: { signal?: AbortSignal; probes?: readonly Probe[] } = {},
  ) {
    const site = scriptedSite(answer, { watch });
    const planned = { ...FAILOVER, timeline, tail: 0, probes };
    const options = { inForce, signal, sendLoad: noLoad };
    return { did: site.did, ran: runCell(site, planned, "visits.csv", quiet, options) };
  }

  it("undoes what it was told to undo once, and what it was not at its end", async () => {
    const { did, ran } = run([
      { at: 0, inject: OFF },
      { at: 0.01, recover: OFF },
      { at: 0.02, inject: { kind: "kubelet-freeze", machine: "worker" } },
    ]);
    expect(
      (await ran).marks
        .filter(({ what }) => what === "inject" || what === "recover")
        .map(({ what, subject }) => `${what} ${subject}`),
    ).toEqual([...["inject pi", "recover pi", "inject worker"]]);
    expect(did).toEqual([
      ...["off pi", "on pi"],
      ...["worker: ACTION='freeze' LIMIT='7200'", "worker: ACTION='thaw'"],
    ]);
    expect(inForce.all()).toEqual([]);
  });

  it("keeps what a fault tells of itself", async () => {
    const up = { kind: "up", settings: { website: { replicas: 3 } }, before: {} } as const;
    const { notes } = await run([{ at: 0, inject: up }]).ran;
    expect(notes).toEqual([{ at: expect.any(Number) as number, text: "up succeeded after 0 s: " }]);
  });

  it("that is ended from outside undoes its faults first", async () => {
    const ending = new AbortController();
    const end: Answer = (did) => {
      if (did === "off pi") {
        ending.abort();
      }
      return undefined;
    };
    const { did, ran } = run(
      [
        { at: 0, inject: OFF },
        { at: 600, recover: OFF },
      ],
      end,
      ending,
    );
    await expect(ran).rejects.toMatchObject({ name: "AbortError" });
    expect(did).toEqual(["off pi", "on pi"]);
  });

  it("undoes a fault that it could not bring about wholly", async () => {
    const broken: Answer = (did) => (did === "off pi" ? new Error("no such switch") : undefined);
    const { did, ran } = run([{ at: 0, inject: OFF }], broken);
    await expect(ran).rejects.toThrow("no such switch");
    expect(did).toEqual(["off pi", "on pi"]);
  });

  describe("with faults that count", () => {
    const loss = (machine: string): Fault => ({
      ...{ kind: "loss", machine, percent: 5, direction: "in" },
    });
    /** Each asks for the uplink, has its rules made, gives its counters, and takes the rules away. */
    const step = (did: string): string | undefined =>
      Object.entries({
        "ip -json": "uplink",
        "list counters": "report",
        "table netdev fogline_loss {": "inject",
        "delete table": "recover",
      }).find(([part]) => did.includes(part))?.[1];
    const counting: Answer = (did) =>
      ({ uplink: UPLINK, report: COUNTERS })[step(did) as "uplink" | "report"];
    const steps = (did: readonly string[]): readonly string[] =>
      did.map((each) => `${each.split(":")[0] ?? ""} ${step(each) ?? each}`);

    it("asks each what it counted once, right before it is undone", async () => {
      const { did, ran } = run(
        [
          { at: 0, inject: loss("a") },
          { at: 0, inject: loss("b") },
          { at: 0, inject: loss("a") },
          { at: 0.01, recover: loss("a") },
        ],
        counting,
      );
      expect((await ran).readings).toEqual({
        ...{ loss_a_in_seen: 40, loss_a_in_dropped: 2 },
        ...{ loss_b_in_seen: 40, loss_b_in_dropped: 2 },
      });
      expect(steps(did).filter((each) => !/uplink|inject/.test(each))).toEqual([
        ...["a report", "a recover", "b report", "b recover"],
      ]);
    });

    it("fails where one has not counted, and undoes all of them", async () => {
      const { did, ran } = run(
        [
          { at: 0, inject: loss("a") },
          { at: 0, inject: loss("b") },
        ],
        (what) => (step(what) === "report" ? new Error("no such table") : counting(what)),
      );
      await expect(ran).rejects.toThrow("no such table");
      expect(steps(did).filter((each) => each.endsWith("recover"))).toEqual([
        ...["b recover", "a recover"],
      ]);
    });
  });

  describe("with probes", () => {
    const probe = (name: string, said: string[], end: () => Readings = () => ({})): Probe => ({
      begin: () => {
        said.push(`begin ${name}`);
        return Promise.resolve(async () => {
          said.push(`end ${name}`);
          await Promise.resolve();
          return end();
        });
      },
    });

    it("begins them before its timeline, and ends them after it", async () => {
      const said: string[] = [];
      const note: Answer = (did) => {
        said.push(did);
        return undefined;
      };
      const probes = [probe("one", said, () => ({ one: 1 })), probe("two", said)];
      const { ran } = run([{ at: 0, inject: OFF }], note, { probes });
      expect((await ran).readings).toEqual({ one: 1 });
      expect(said).toEqual(["begin one", "begin two", "off pi", "end one", "end two", "on pi"]);
    });

    it("ends all of them where it fails, and undoes its faults", async () => {
      const said: string[] = [];
      const fails = probe("one", said, () => {
        throw new Error("it cannot be read");
      });
      const { did, ran } = run([{ at: 0, inject: OFF }], undefined, {
        probes: [fails, probe("two", said)],
      });
      await expect(ran).rejects.toThrow("it cannot be read");
      expect(said).toEqual(["begin one", "begin two", "end one", "end two"]);
      expect(did).toEqual(["off pi", "on pi"]);
    });
  });
});
