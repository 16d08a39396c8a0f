import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { runCell } from "./cell.ts";
import { InForce } from "./in-force.ts";
import type { RunningLoad } from "./load.ts";
import type { Moment } from "./model.ts";
import type { Following, Site } from "./site.ts";
import { FAILOVER } from "./testing/made-up.ts";
import { scriptedSite, type Answer } from "./testing/scripted.ts";

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

/** A watch that has said what is there, and sees nothing change. */
function watch(): Following {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* lines(): AsyncGenerator<string> {
    yield "ADDED pi True";
    await ended;
  }
  return {
    lines: lines(),
    [Symbol.asyncDispose]: () => {
      end();
      return Promise.resolve();
    },
  };
}

describe("a cell", () => {
  let inForce: InForce;
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "fogline-"));
    inForce = new InForce(join(folder, "site.json"));
    return () => {
      rmSync(folder, { recursive: true });
    };
  });

  function run(timeline: readonly Moment[], answer?: Answer, signal?: AbortSignal) {
    const { site: plain, did } = scriptedSite(answer);
    const site: Site = { ...plain, watch };
    const planned = { ...FAILOVER, timeline, tail: 0 };
    const options = { inForce, signal, sendLoad: noLoad };
    return { did, ran: runCell(site, planned, "visits.csv", quiet, options) };
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
    expect(did).toEqual(["off pi", "on pi", "worker: ACTION='freeze'", "worker: ACTION='thaw'"]);
    expect(inForce.all()).toEqual([]);
  });

  it("keeps what a fault tells of itself", async () => {
    const up = { kind: "up", settings: { website: { replicas: 3 } }, before: {} } as const;
    const { notes } = await run([{ at: 0, inject: up }]).ran;
    expect(notes).toEqual([{ at: expect.any(Number) as number, text: "up succeeded after 0 s" }]);
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
      ending.signal,
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
});
