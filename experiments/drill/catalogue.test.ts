import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";

import { FAULT_KINDS } from "../faults/index.ts";
import { DRILLS } from "./catalogue.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "../../docs/drills.md"), "utf8");

/** Rows of the document's tables by the drill that they are about, without what fills columns up. */
const rows = new Map(
  [...DOCUMENT.matchAll(/^\| `([\w-]+)` +\|(.*)\|$/gm)].map(([, name = "", cells = ""]) => [
    name,
    cells.split("|").map((cell) => cell.trim()),
  ]),
);

it("docs/drills.md has all drills, what each does, and how it ends", () => {
  expect([...rows.keys()]).toEqual(DRILLS.map(({ name }) => name));
  for (const { name, where, does, ends, labOnly } of DRILLS) {
    if (labOnly === undefined) {
      const cells = [where === "node" ? "yes" : "", does, ends];
      expect(rows.get(name)?.slice(0, cells.length)).toEqual(cells);
    }
  }
});

it("no drill is without a fault", () => {
  const aim = { machine: "a", server: "b", seconds: 60, limitSeconds: 180, percent: 10 };
  for (const { fault } of DRILLS) {
    expect(FAULT_KINDS).toContain(fault(aim).kind);
  }
});

it("what lasts on a stack of one's own ends there by itself", () => {
  const aim = { machine: "a", server: "b", seconds: 61, limitSeconds: 182, percent: 10 };
  /** What ends at once, or is a person's. */
  const short = ["pod-kill", "out-of-memory", "database-kill", "k3s-kill", "reboot", "power-off"];
  const lasting = DRILLS.filter(
    ({ name, labOnly }) => labOnly === undefined && !short.includes(name),
  );
  expect(lasting.map(({ name }) => name)).toEqual([
    ...["dns-down", "kubelet-freeze", "k3s-stop", "silence", "loss", "registry-gone"],
  ]);
  for (const { fault } of lasting) {
    expect(JSON.stringify(fault(aim))).toMatch(/econds":(61|182)/);
  }
});
