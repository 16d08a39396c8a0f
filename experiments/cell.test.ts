import { expect, it } from "vitest";

import { makeReady } from "./cell.ts";
import type { Fault, Moment } from "./model.ts";
import { scriptedSite } from "./testing/scripted-site.ts";

const at = 1;
const loss = (machine: string): Fault => ({ kind: "loss", machine, percent: 1, direction: "in" });
const timeline: readonly Moment[] = [
  { at, inject: loss("a") },
  { at, inject: { kind: "shutdown", machine: "a" } },
  { at, inject: loss("b") },
  { at, inject: loss("a") },
  { at, recover: loss("a") },
];

it("what a killed run may have left is undone once, but for what would harm a machine at rest", async () => {
  const site = scriptedSite(() => "");
  await makeReady(site, timeline);
  expect(site.asked.map(({ machine }) => machine)).toEqual(["a", "b"]);
  expect(site.asked.every(({ script }) => script.includes("delete table netdev"))).toBe(true);
});

it("a fault that cannot be undone keeps no other in force, and is named", async () => {
  const site = scriptedSite((machine) => {
    if (machine === "a") {
      throw new Error("the machine a does not run");
    }
    return "";
  });
  await expect(makeReady(site, timeline)).rejects.toThrow(
    "faults that could not be undone: the machine a does not run",
  );
  expect(site.asked.map(({ machine }) => machine)).toEqual(["a", "b"]);
});
