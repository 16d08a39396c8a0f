import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";
import { parse } from "yaml";

import type { CellData } from "../model.ts";
import { MAINTENANCE, NEXT } from "./maintenance.ts";

it("the upgrade is to the patch version after the lab's own", () => {
  const file = join(import.meta.dirname, "..", "..", "Pulumi.lab.yaml");
  const { config } = parse(readFileSync(file, "utf8")) as {
    config: { readonly "fogline:k3s": { readonly version: string } };
  };
  const parts = (version: string): (string | number)[] => {
    const [, minor = "", patch = ""] = /^(v1\.\d+)\.(\d+)\+k3s1$/.exec(version) ?? [];
    return [minor, Number(patch)];
  };
  const [minor, patch] = parts(config["fogline:k3s"].version);
  expect(parts(NEXT)).toEqual([minor, Number(patch) + 1]);
});

it("an upgrade that leaves a node behind is no upgrade", () => {
  const broken = (variant: string, text: string): readonly string[] => {
    const cell: CellData = {
      ...{ variant, repeat: 1, visits: [], marks: [], counted: [] },
      notes: [{ at: 1, text }],
    };
    const invariant = MAINTENANCE.invariants.find(({ name }) => name === "changes come about");
    return invariant?.broken(cell) ?? [];
  };
  const all = `up succeeded after 9 s: masternode ${NEXT}, raspberrypi ${NEXT}`;
  expect(broken("upgrade", all)).toEqual([]);
  const one = `up succeeded after 9 s: masternode ${NEXT}, raspberrypi v1.36.3+k3s1`;
  expect(broken("upgrade", one)).toEqual([one]);
  expect(broken("worker", one)).toEqual([]);
  expect(broken("worker", "up failed after 9 s: no")).toEqual(["up failed after 9 s: no"]);
});
