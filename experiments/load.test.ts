import { describe, expect, it } from "vitest";

import { startLoad, type LoadOptions } from "./load.ts";

const REPORT = {
  ...{ cpuShare: 0.02, cpuSeconds: 0.4, seconds: 20, latestStartSeconds: 0.004, visits: 400 },
  ...{ votes: 40, repeated: 2, acknowledged: 39, refused: 0, unacknowledged: 1 },
};
const LOAD = { visitsPerSecond: 20, votesPerSecond: 0.5, timeoutSeconds: 30 };

/** What the generator prints first: its clock began with the computer's. */
const ZERO = `echo '{"zeroUnixMicroseconds":1234567,"zeroMonotonicMicroseconds":0}'`;
const WAIT = "while read -r; do :; done";

/** Ends with a report when it is sent a signal. */
function onSignal(signal: string, code = 0): string {
  return `trap 'echo "$REPORT"; exit ${code}' ${signal}`;
}

/** A load by a script in place of the generator. */
function options(...script: readonly string[]): LoadOptions {
  const begin = `REPORT='${JSON.stringify(REPORT)}'`;
  return {
    prefix: ["bash", "-c", [begin, ...script].join("\n"), "bash"],
    urls: ["http://192.0.2.1", "http://192.0.2.2"],
    load: LOAD,
    visits: "visits.csv",
    program: "generator",
  };
}

/** CLOCK_MONOTONIC, seconds. */
const monotonic = (): number => Number(process.hrtime.bigint()) / 1e9;

describe("a load", () => {
  it("begins with its clock, and ends with a report", async () => {
    await using load = await startLoad(options(onSignal("TERM"), ZERO, WAIT));
    expect(load.zeroUnixMicroseconds).toBe(1234567);
    const [before, now, after] = [monotonic(), load.now(), monotonic()];
    // The clock is read in whole microseconds.
    expect(now).toBeGreaterThan(before - 2e-6);
    expect(now).toBeLessThanOrEqual(after);
    expect(await load.stop()).toEqual(REPORT);
  });

  it("is what the experiment says, at all addresses", async () => {
    const given = { ...options(`echo "$*" >&2; exit 3`), seconds: 90 };
    await expect(startLoad(given)).rejects.toThrow(
      "the load generator ended early: generator -attended -visits=20 -votes=0.5 -timeout=30s " +
        "-duration=90s -drain=10s -out=visits.csv http://192.0.2.1 http://192.0.2.2",
    );
  });

  it("has stages in place of a rate, and keeps connections, where the experiment says so", async () => {
    const stages = [
      { visitsPerSecond: 10, seconds: 120 },
      { visitsPerSecond: 2.5, seconds: 60 },
    ];
    const load = { ...LOAD, visitsPerSecond: 0, stages, connections: "kept" } as const;
    const given = { ...options(`echo "$*" >&2; exit 3`), load };
    await expect(startLoad(given)).rejects.toThrow(
      "generator -attended -stages=10x120s,2.5x60s -kept -votes=0.5 -timeout=30s",
    );
  });

  it("that ends by itself is told to who asks for its report", async () => {
    await using load = await startLoad(options("trap '' TERM", ZERO, "echo 'no space' >&2"));
    await expect(load.stop()).rejects.toThrow("the load generator ended early: no space");
  });

  it("whose rows could not be kept has no report", async () => {
    await using load = await startLoad(options(onSignal("TERM", 1), ZERO, WAIT));
    await expect(load.stop()).rejects.toThrow("the load generator failed: ");
  });

  it("does not outlive a cell that forgets it", async () => {
    // Answers the second signal alone, as a generator that waits for votes does.
    const load = await startLoad(options("trap '' TERM", onSignal("INT"), ZERO, WAIT));
    await load[Symbol.asyncDispose]();
    expect(await load.stop()).toEqual(REPORT);
  });

  it("is refused where there is no generator", async () => {
    const missing = { ...options(), prefix: [], program: "/nowhere/load" };
    await expect(startLoad(missing)).rejects.toThrow("/nowhere/load");
  });

  it("is not begun by a program that prints something else", async () => {
    await expect(startLoad(options("echo '{}'", WAIT))).rejects.toThrow("zeroUnixMicroseconds");
  });
});
