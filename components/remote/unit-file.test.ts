import { describe, expect, it } from "vitest";

import { unitFile } from "./unit-file.ts";

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

  it("takes no value that would begin a line of its own", () => {
    expect(() => unitFile({ Unit: { Description: "a\nExecStart=/bin/sh" } })).toThrow(RangeError);
  });
});
