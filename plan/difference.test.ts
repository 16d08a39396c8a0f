import { describe, expect, it } from "vitest";

import { differenceBetween } from "./difference.ts";
import type { Planned, Snapshot } from "./snapshot.ts";
import { planned } from "./testing/planned.ts";

const START = "urn:pulumi:test::fogline::";

function resource(types: string, name: string, more: Partial<Planned> = {}): Planned {
  const type = types.split("$").at(-1) ?? "";
  return planned({ type, name, urn: `${START}${types}::${name}`, ...more });
}

function snapshot(...resources: readonly Planned[]): Snapshot {
  return { stack: "test", settings: {}, resources, exemptions: { nodePorts: [] }, outputs: {} };
}

function counts(base: Snapshot, head: Snapshot): readonly number[] {
  const { created, destroyed, unchanged } = differenceBetween(base, head);
  return [created.length, destroyed.length, unchanged];
}

describe("resources of a component with an alias", () => {
  const old = resource("a:b:Old", "fog");
  const now = resource("a:b:New", "web", { aliases: [old.urn] });

  it("are what they were below its former type and name, at every depth", () => {
    const base = snapshot(
      old,
      resource("a:b:Old$x:y:Z", "fog-child", { parent: old.urn }),
      resource("a:b:Old$x:y:Z$v:w:W", "leaf", { parent: `${START}a:b:Old$x:y:Z::fog-child` }),
    );
    const head = snapshot(
      // The order of a snapshot is that of the URNs: children come before their parents.
      resource("a:b:New$x:y:Z$v:w:W", "leaf", { parent: `${START}a:b:New$x:y:Z::web-child` }),
      resource("a:b:New$x:y:Z", "web-child", { parent: now.urn }),
      now,
    );
    expect(counts(base, head)).toEqual([0, 0, 3]);
  });

  it("are others where nothing says that the component was another one", () => {
    const base = snapshot(old, resource("a:b:Old$x:y:Z", "child", { parent: old.urn }));
    const head = snapshot(
      resource("a:b:New$x:y:Z", "child", { parent: now.urn }),
      resource("a:b:New", "web"),
    );
    expect(counts(base, head)).toEqual([2, 2, 0]);
  });
});
