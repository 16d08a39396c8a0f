import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { InForce } from "./in-force.ts";
import { runExperiment } from "./run.ts";
import { FAILOVER } from "./testing/made-up.ts";
import { scriptedSite } from "./testing/scripted.ts";

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
    const { site, did } = scriptedSite();
    const options = { only: [], inForce: folder };
    expect(await runExperiment(site, FAILOVER, join(folder, "run"), quiet, options)).toEqual([]);
    expect(did).toEqual(["on pi"]);
  });

  it("has only variants that the experiment has", async () => {
    const { site, did } = scriptedSite();
    const options = { only: ["fast", "warp"], inForce: folder };
    await expect(
      runExperiment(site, FAILOVER, join(folder, "run"), quiet, options),
    ).rejects.toThrow("made-up-failover has no variant warp. fix: use stock, old, fast, aa");
    expect(did).toEqual([]);
  });
});
