import { describe, expect, it } from "vitest";

import { changes } from "./traces.ts";

describe("what a lab leaves behind", () => {
  it("is nothing where the same is there, in whatever order", () => {
    expect(changes(["a", "b", "b"], ["b", "a", "b"])).toEqual([]);
  });

  it("is what came, and what is gone", () => {
    expect(changes(["a", "b"], ["b", "b", "c"])).toEqual(["- a", "+ b", "+ c"]);
  });
});
