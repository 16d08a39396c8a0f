import { execFileSync } from "node:child_process";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { render } from "./render.ts";

function bash(text: string, action = "create"): string {
  return execFileSync("bash", ["-s", "--", action], { input: text, encoding: "utf8" });
}

describe("a rendered script", () => {
  it("hands any text over unharmed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const value = text.replaceAll("\0", "").replace(/[\uD800-\uDFFF]/gu, "");
        expect(bash(render('printf %s "$VALUE"', { VALUE: value }))).toBe(value);
      }),
      { numRuns: 20 },
    );
  });

  it("is read whole before its first command can eat from stdin", () => {
    expect(bash(render("cat\necho after", {}))).toBe("after\n");
  });

  it("learns the action as its first argument", () => {
    expect(bash(render('echo "$1"', {}), "delete")).toBe("delete\n");
  });

  it("refuses a name that is no shell variable", () => {
    expect(() => render("", { "A B": "" })).toThrow("is not a shell variable's name");
  });
});
