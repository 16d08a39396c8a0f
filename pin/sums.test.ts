import { describe, expect, it } from "vitest";

import { sumOf } from "./sums.ts";

const [a, b] = ["a".repeat(64), "b".repeat(64)];

describe("a file of checksums", () => {
  it.each([
    ["sha256sum's", `${a}  k3s\n${b}  k3s-images.txt\n`],
    ["binary mode", `${b} *other\n${a} *k3s\n`],
    ["shasum's of a folder", `${a}  ./k3s\r\n${b}  ./k3s-arm64\r\n`],
    ["upper case", `${a.toUpperCase()}  k3s`],
  ])("gives the sum of one file by its whole name: %s", (_, text) => {
    expect(sumOf(text, "k3s")).toEqual({ kind: "sha256", digits: a });
  });

  it("may hold a sum alone where it is named after its file", () => {
    expect(sumOf(a, "kubectl", true).digits).toBe(a);
    expect(() => sumOf(a, "kubectl")).toThrow("no line with a sum and a name");
  });

  it("may hold sums of SHA-1, which are told apart", () => {
    expect(sumOf(`${"c".repeat(40)}  ./plugin.tar.gz`, "plugin.tar.gz").kind).toBe("sha1");
  });

  it.each([
    ["without the file", `${a}  k3s-arm64\n${b}  k3s.txt`, /no line for k3s, but for k3s-arm64/],
    ["with two lines for it", `${a}  k3s\n${b}  ./k3s`, /2 lines for k3s/],
    ["with the same line twice", `${a}  k3s\n${a}  k3s`, /2 lines for k3s/],
    ["cut off within the sum", `${a.slice(1)}  k3s`, /63 hex digits; one of SHA-256 has 64/],
    ["of another kind", `${a}${a}  k3s`, /128 hex digits/],
    ["that is a page", "<!DOCTYPE html>\n<title>Not found</title>", /no line with a sum/],
    ["that is empty", "", /no line with a sum/],
  ])("is refused: %s", (_, text, message) => {
    expect(() => sumOf(text, "k3s")).toThrow(message);
  });
});
