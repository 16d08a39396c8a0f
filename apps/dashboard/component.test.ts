import { beforeAll, describe, expect, it } from "vitest";

import { mockEngine, settled, type Registered } from "../../testing/engine.ts";
import { Dashboard } from "./component.ts";
import { dashboardManifests, inOrder } from "./manifests.ts";

const plan = { kind: "kubernetes-dashboard", connections: [] } as const;
let registered: readonly Registered[] = [];

beforeAll(async () => {
  registered = mockEngine({});
  new Dashboard("dashboard", plan);
  await settled();
});

describe("the dashboard's component", () => {
  it("registers every manifest once, as it is", () => {
    const objects = registered.filter(({ type }) => type.startsWith("kubernetes:"));
    const sorted = (list: readonly unknown[]): string[] => list.map(ordered).sort();
    expect(sorted(objects.map(({ inputs }) => inputs))).toEqual(
      sorted(inOrder(dashboardManifests(plan))),
    );
  });

  it("gives every object a name of its own in the stack", () => {
    const names = registered.map(({ type, name }) => `${type} ${name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { name } of registered) {
      expect(name).toMatch(/^dashboard(-|$)/);
    }
  });
});

/** JSON with sorted keys: the SDK adds kinds and versions in an order of its own. */
function ordered(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
