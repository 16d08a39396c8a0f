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

it("a variant runs as often as it says, and never more often than the others", () => {
  const variants = [{ ...variant("a"), repeats: 1 }, { ...variant("b"), repeats: 9 }, variant("c")];
  const cells = cellsOf({ variants, repeats: 2 });
  expect(cells.map(nameOf)).toEqual(["a-01", "b-01", "c-01", "c-02", "b-02"]);
});
