import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it, vi } from "vitest";

import { InForce } from "./in-force.ts";
import type { Fault } from "./model.ts";
import { faultsOf, prepared, runExperiment } from "./run.ts";
import { FAILOVER } from "./testing/made-up.ts";
import { scriptedSite, type Answer } from "./testing/scripted-site.ts";

vi.mock("./relay.ts", async (original) => ({
  ...(await original<object>()),
  ensureRelay: () => Promise.resolve("nothing is built here"),
}));

const quiet = (): void => undefined;

describe("a run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "fogline-"));
    return () => {
      rmSync(folder, { recursive: true });
    };
  });

  it("first undoes what an earlier one of any experiment has left in force", async () => {
    new InForce(join(folder, "scripted.json")).add({ kind: "power-off", machine: "pi" });
    const site = scriptedSite();
    const options = { only: [], inForce: folder };
    expect(await runExperiment(site, FAILOVER, join(folder, "run"), quiet, options)).toEqual([]);
    expect(site.did).toEqual(["on pi"]);
  });

  it("prepares each fault once, and notes those alone of which something stays", async () => {
    const inForce = new InForce(join(folder, "scripted.json"));
    const full: Fault = { kind: "disk-full", machine: "worker", of: "machine" };
    const later: Fault = { kind: "delay", machine: "pi", milliseconds: 50, jitterMilliseconds: 0 };
    const timeline = [full, later, later].map((inject, at) => ({ at, inject }));
    const steady: Answer = (did) => (did.startsWith("kubectl get") ? '{"items":[]}' : undefined);
    const site = scriptedSite((did) => (did === "pi: uname -m" ? "x86_64" : steady(did)));
    const noted = await prepared(site, faultsOf(timeline), quiet, { inForce }, () =>
      Promise.resolve(inForce.all()),
    );
    expect(noted).toEqual([full]);
    expect(inForce.all()).toEqual([]);
    expect(site.did.filter((did) => did === "pi: uname -m")).toHaveLength(1);
  });

  it("has only variants that the experiment has", async () => {
    const site = scriptedSite();
    const options = { only: ["fast", "warp"], inForce: folder };
    await expect(
      runExperiment(site, FAILOVER, join(folder, "run"), quiet, options),
    ).rejects.toThrow("made-up-failover has no variant warp. fix: use stock, old, fast, aa");
    expect(site.did).toEqual([]);
  });
});
