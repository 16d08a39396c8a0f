import { expect, it } from "vitest";

import { unitValues } from "./units.ts";

it.each([
  ["server", "fogline0"],
  ["agent", "fogline0"],
  ["agent", undefined],
] as const)("the units of a %s by the interface %s are these", (role, interfaceName) => {
  const { SERVICE, FOLLOW_SERVICE } = unitValues(role, interfaceName, "10.42.0.0/16");
  // Another form of the same content would start every node's K3s anew.
  expect([SERVICE, FOLLOW_SERVICE]).toMatchSnapshot();
});

it("agents, on which ingress controllers run, refuse connections to pods of silent nodes", () => {
  const { REACH, REACH_SERVICE } = unitValues("agent", "fogline0", "10.42.0.0/16");
  expect(REACH).toContain("set -euo pipefail");
  expect(REACH_SERVICE).toMatchSnapshot();
  for (const none of [
    unitValues("server", "fogline0", "10.42.0.0/16"),
    unitValues("agent", "fogline0", undefined),
  ]) {
    expect(none).toMatchObject({ REACH: "", REACH_SERVICE: "" });
  }
});
