import { expect, it } from "vitest";

import { unitValues } from "./units.ts";

it.each([
  ["server", "fogline0"],
  ["agent", "fogline0"],
  ["agent", undefined],
] as const)("the units of a %s by the interface %s are these", (role, interfaceName) => {
  const { SERVICE, FOLLOW_SERVICE } = unitValues(role, interfaceName);
  // Another form of the same content would start every node's K3s anew.
  expect([SERVICE, FOLLOW_SERVICE]).toMatchSnapshot();
});
