import { expect, it } from "vitest";

import { cellsOf, nameOf } from "./order.ts";

const variant = (name: string) => ({ name, label: name, settings: {} });

it("variants take turns, each round in the opposite order", () => {
  const cells = cellsOf({ variants: ["a", "b", "c"].map(variant), repeats: 3 });
  expect(cells.map(nameOf)).toEqual([
    ...["a-01", "b-01", "c-01"],
    ...["c-02", "b-02", "a-02"],
    ...["a-03", "b-03", "c-03"],
  ]);
});
