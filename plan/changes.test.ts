import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { changesBetween, pathsWhere, valueAt, writePath } from "./changes.ts";

function written(before: unknown, after: unknown): string[] {
  return changesBetween(before, after).map(({ path }) => writePath(path));
}

describe("changes", () => {
  it("tell elements of a list apart by name, whatever their order", () => {
    const before = [
      { name: "ssh", port: 22 },
      { name: "http", port: 80 },
    ];
    const after = [
      { name: "http", port: 80 },
      { name: "ssh", port: 2222 },
    ];
    expect(written({ rules: before }, { rules: after })).toEqual(["rules[ssh].port"]);
  });

  it("tell elements apart by place where names are missing or repeat", () => {
    const twice = [
      { name: "a", n: 1 },
      { name: "a", n: 2 },
    ];
    expect(
      written(twice, [
        { name: "a", n: 1 },
        { name: "a", n: 3 },
      ]),
    ).toEqual(["[1].n"]);
    expect(written([{ n: 1 }], [{ n: 1 }, { n: 2 }])).toEqual(["[1]"]);
  });

  it("show a list of plain values as a whole", () => {
    expect(changesBetween({ from: ["a"] }, { from: ["a", "b"] })).toEqual([
      { path: ["from"], before: ["a"], after: ["a", "b"] },
    ]);
  });

  it("do not mind the order of keys", () => {
    expect(written({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 })).toEqual([]);
  });

  it("say what came and what went", () => {
    expect(changesBetween({ a: 1 }, { b: 2 })).toEqual([
      { path: ["a"], before: 1, after: undefined },
      { path: ["b"], before: undefined, after: 2 },
    ]);
  });

  it("are none between a value and itself, and lead to the values they name", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(changesBetween(a, structuredClone(a))).toEqual([]);
        for (const { path, before, after } of changesBetween({ a }, { a: b })) {
          expect(valueAt({ a }, path)).toEqual(before);
          expect(valueAt({ a: b }, path)).toEqual(after);
        }
      }),
    );
  });

  it("find the paths of values", () => {
    const value = { nics: [{ name: "first", id: "x-id" }], other: "y" };
    expect(pathsWhere(value, (leaf) => leaf === "x-id")).toEqual([["nics", "[first]", "id"]]);
  });
});
