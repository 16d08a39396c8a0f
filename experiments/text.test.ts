import { expect, it } from "vitest";

import { csv, number, plain, unitOf, withInterval, withoutUnit } from "./text.ts";

it.each([
  [0, "0"],
  [-0, "0"],
  [5.2345, "5.23"],
  [0.00123456, "0.00123"],
  [0.0000001, "0.000000100"],
  [99.96, "100"],
  [4.3, "4.30"],
  [9.999, "10.0"],
  [1234.5, "1235"],
  [2_000_000, "2000000"],
  [-3.14159, "-3.14"],
])("%d is written as %s", (value, text) => {
  expect(number(value)).toBe(text);
});

it("a value stands with its interval where it has one", () => {
  expect(withInterval(5, { low: 4, high: 6 })).toBe("5 (4 to 6)");
  expect(withInterval(5, undefined)).toBe("5");
});

it("a label's unit stands behind its last comma", () => {
  expect(unitOf("endpoints dropped, s")).toBe("s");
  expect(withoutUnit("endpoints dropped, s")).toBe("endpoints dropped");
  expect(unitOf("failed visits")).toBe("");
});

it("foreign text is no Markdown", () => {
  expect(plain("a|b *c*\n<d>")).toBe("a\\|b \\*c\\* \\<d\\>");
});

it("fields of CSV are quoted where they must be", () => {
  expect(
    csv([
      ["a", 1],
      ['b,"c"', "d\ne"],
    ]),
  ).toBe('a,1\n"b,""c""","d\ne"\n');
});
