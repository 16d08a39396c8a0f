import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { INTERFACE_LENGTH, operatorInterface, pairName } from "./names.ts";

describe("the interface of a stack on the operator's computer", () => {
  it("is named after the stack", () => {
    expect(operatorInterface("dev")).toBe("fog-dev");
  });

  it("has a name that Linux takes, and of its own, for long names that begin alike", () => {
    const names = ["production-east", "production-west"].map(operatorInterface);
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => name.length <= 15)).toBe(true);
  });

  it("has a name that Linux takes, however long the stack's is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9._-]{1,100}$/), (stack) => {
        expect(operatorInterface(stack).length).toBeLessThanOrEqual(INTERFACE_LENGTH);
      }),
    );
  });
});

it("what two nodes share has one name, in whatever order they are listed", () => {
  expect(pairName("cabin", "boat")).toBe("boat-cabin");
  expect(pairName("boat", "cabin")).toBe("boat-cabin");
});
