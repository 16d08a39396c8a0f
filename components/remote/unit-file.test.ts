import { describe, expect, it } from "vitest";

import { environmentFile, unitFile } from "./unit-file.ts";

describe("a unit's file", () => {
  it("has its sections and values in their order, a line for each value of a list", () => {
    const text = unitFile({
      Unit: { Description: "An example" },
      Service: { Type: "oneshot", ExecStart: ["/bin/first", "/bin/second"] },
    });
    expect(text).toBe(
      "[Unit]\nDescription=An example\n\n[Service]\nType=oneshot\nExecStart=/bin/first\nExecStart=/bin/second\n",
    );
  });

  it("has the reason for a value before it", () => {
    const text = unitFile({ Service: { Type: "simple", User: { why: "Not root.", value: "a" } } });
    expect(text).toBe("[Service]\nType=simple\n# Not root.\nUser=a\n");
  });

  it.each(["a\nExecStart=/bin/sh", { why: "a\nExecStart=/bin/sh", value: "a" }])(
    "takes nothing that would begin a line of its own: %j",
    (Description) => {
      expect(() => unitFile({ Unit: { Description } })).toThrow(RangeError);
    },
  );
});

describe("a file of a unit's environment", () => {
  it("has a line for each variable, in their order", () => {
    expect(environmentFile({ B: "1", A: "" })).toBe("B=1\nA=\n");
  });

  it("takes no value that would set another variable", () => {
    expect(() => environmentFile({ A: "1\nB=2" })).toThrow(RangeError);
  });
});
