import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { keyOf, Seen, sources } from "./seen.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-seen-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("what was added has been seen by a later run, and nothing else", () => {
  const seen = new Seen("format", folder);
  seen.add(["a", "b"]);
  seen.add(["c", "a"]);
  const later = new Seen("format", folder);
  expect(["a", "b", "c", "d"].map((key) => later.has(key))).toEqual([true, true, true, false]);
  expect(new Seen("lint", folder).has("a")).toBe(false);
});

it("a key tells apart what is divided otherwise, and is the same for texts and contents", () => {
  expect(keyOf("ab", "c")).not.toBe(keyOf("a", "bc"));
  expect(keyOf("a\0b")).not.toBe(keyOf("a", "b"));
  expect(keyOf("é")).toBe(keyOf(Buffer.from("é")));
});

it("the tree's files are those that git knows and that it does not ignore", () => {
  const files = sources();
  expect(files.get("package.json")?.toString()).toContain('"fogline"');
  expect([...files.keys()].filter((path) => /(^|\/)node_modules\//.test(path))).toEqual([]);
});
