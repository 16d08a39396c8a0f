import { describe, expect, it } from "vitest";

import { block, code, count, prose, table } from "./text.ts";

describe("text of others", () => {
  it.each([
    ["plain", "`plain`"],
    ["a`b", "``a`b``"],
    ["`", "`` ` ``"],
    ["", "`  `"],
    ["two\nlines", "`two ⏎ lines`"],
    [["a", 1], '`["a",1]`'],
    ["[secret:0123456789abcdef]", "`[secret]`"],
  ])("%j is code", (value, expected) => {
    expect(code(value)).toBe(expected);
  });

  it("is cut where it is long", () => {
    expect(code("x".repeat(500))).toHaveLength(162);
  });

  it("is no Markdown, no HTML and no mention in a sentence", () => {
    expect(prose("a *b* <c> [d](e) @f")).toBe("a \\*b\\* \\<c\\> \\[d\\](e) @\u200bf");
  });

  it.each([
    ["run `cat a_b*` or c_d", "run `cat a_b*` or c\\_d"],
    ["``a`_b`` _", "``a`_b`` \\_"],
    ["`a_b", "`a\\_b"],
    ["``a` _`b", "``a` _`b"],
    ["\\`<b>`", "\\\\`<b>`"],
  ])("%j keeps its code in a sentence, and nothing else", (text, expected) => {
    expect(prose(text)).toBe(expected);
  });

  it("does not end a block or a cell", () => {
    expect(block("text", ["```"])).toBe("````text\n```\n````");
    expect(table(["A"], [["`a|b`"]])).toBe("| A |\n| --- |\n| `a\\|b` |");
  });

  it("is counted", () => {
    expect([0, 1, 2].map((n) => count(n, "port"))).toEqual(["0 ports", "1 port", "2 ports"]);
  });
});
