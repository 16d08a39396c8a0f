import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { InForce } from "./in-force.ts";
import type { Fault } from "./model.ts";
import { scriptedSite } from "./testing/scripted-site.ts";

const OFF: Fault = { kind: "power-off", machine: "pi" };
const FROZEN: Fault = { kind: "kubelet-freeze", machine: "pi" };
const FULL: Fault = { kind: "disk-full", machine: "pi", of: "machine" };
const quiet = (): void => undefined;

describe("faults in force", () => {
  let file: string;
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "fogline-"));
    file = join(folder, "faults", "lab.json");
    return () => {
      rmSync(folder, { recursive: true });
    };
  });

  it("are known to whoever comes next, and forgotten when they are undone", async () => {
    new InForce(file).add(OFF);
    const next = new InForce(file);
    expect(next.all()).toEqual([OFF]);
    const site = scriptedSite();
    await next.undo(site, quiet);
    expect(site.did).toEqual(["on pi"]);
    expect(existsSync(file)).toBe(false);
    await next.undo(site, quiet);
    expect(site.did).toHaveLength(1);
  });

  it("are one command's at a time, which is named to others", () => {
    const release = new InForce(file).lock("drill");
    expect(() => new InForce(file).lock("experiment")).toThrow('"make drill" is running');
    release();
    new InForce(file).lock("experiment")();
  });

  it("are noted once, and undone from the last on", async () => {
    const inForce = new InForce(file);
    for (const fault of [FROZEN, OFF, FROZEN]) {
      inForce.add(fault);
    }
    const site = scriptedSite();
    await inForce.undo(site, quiet);
    expect(site.did).toEqual(["on pi", "pi: ACTION='thaw'"]);
  });

  it("keep none of the others when one cannot be undone, and stay noted", async () => {
    const inForce = new InForce(file);
    inForce.add(OFF);
    inForce.add(FROZEN);
    const site = scriptedSite((what) =>
      what.startsWith("pi:") ? new Error("it does not run") : undefined,
    );
    await expect(inForce.undo(site, quiet)).rejects.toThrow(
      /kubelet-freeze.*it does not run\nfix: /s,
    );
    expect(site.did).toContain("on pi");
    expect(inForce.all()).toEqual([FROZEN]);
  });

  it("are over when they were recovered from, unless something was prepared for them", () => {
    const inForce = new InForce(file);
    inForce.add(OFF);
    inForce.add(FULL);
    inForce.recovered(OFF);
    inForce.recovered(FULL);
    expect(inForce.all()).toEqual([FULL]);
  });
});
