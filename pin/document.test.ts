import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import { YamlFile, type Path } from "./document.ts";

const sum = "ab".repeat(32);

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "fogline-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "file.yaml");
  writeFileSync(path, text);
  return path;
}

/** The file's text after texts were set in it. */
function after(text: string, ...changes: readonly (readonly [Path, string])[]): string {
  const path = file(text);
  const yaml = new YamlFile(path);
  for (const [at, value] of changes) {
    yaml.set(at, value);
  }
  yaml.save();
  return readFileSync(path, "utf8");
}

describe("setting a text of a YAML file", () => {
  it("leaves everything else as it is", () => {
    const text = (value: string): string =>
      `# top\na:   [1,2]   # odd\n\nb:\n    # of c\n    c: ${value} # behind\n    d: { e: "f" }\n`;
    expect(after(text("old"), [["b", "c"], "new"])).toBe(text("new"));
    expect(after(text('"old"'), [["b", "c"], "new"])).toBe(text("new"));
  });

  it("quotes what YAML would read as a number", () => {
    const digits = "1".repeat(64);
    expect(after("a: x\n", [["a"], digits])).toBe(`a: "${digits}"\n`);
  });

  it.each<[string, string, Path, string]>([
    [
      "behind its neighbours",
      "a:\n  x: 1 # one\n# of b\nb: 2\n",
      ["a", "y"],
      "a:\n  x: 1 # one\n  y: v\n# of b\nb: 2\n",
    ],
    ["at the end of a file", "a:\n  x: 1", ["a", "y"], "a:\n  x: 1\n  y: v"],
    [
      "behind what is nested",
      "a:\n  x:\n    - z: 1\n",
      ["a", "y"],
      "a:\n  x:\n    - z: 1\n  y: v\n",
    ],
    [
      "with what is missing on the way",
      "a:\n  x: 1\n",
      ["a", "y", "z"],
      "a:\n  x: 1\n  y:\n    z: v\n",
    ],
    [
      "below a key without a value",
      "a:\n  y: # none\n  x: 1\n",
      ["a", "y", "z"],
      "a:\n  y: # none\n    z: v\n  x: 1\n",
    ],
    ["that has no value yet", "a:\n  y:\n  x: 1\n", ["a", "y"], "a:\n  y: v\n  x: 1\n"],
    ["in braces", "a: { x: 1 }\n", ["a", "y"], "a: { x: 1, y: v }\n"],
    ["in empty braces", "a: {}\n", ["a", "y"], "a: { y: v }\n"],
    ["nested in braces", "a: {x: 1}\n", ["a", "y", "z"], "a: {x: 1, y: { z: v } }\n"],
    ["in an item of a list", "- x: 1\n- x: 2\n", [1, "y"], "- x: 1\n- x: 2\n  y: v\n"],
  ])("adds a missing key %s", (_, before, path, expected) => {
    expect(after(before, [path, "v"])).toBe(expected);
  });

  it("sets several in any order", () => {
    const text = "b:\n  sums:\n    x: 1\nc: d\n";
    const set = after(text, [["c"], sum], [["b", "sums", "y"], sum], [["b", "z"], sum]);
    expect(set).toBe(`b:\n  sums:\n    x: 1\n    y: ${sum}\n  z: ${sum}\nc: ${sum}\n`);
  });

  it("keeps the file's mode, and writes nothing where nothing changes", () => {
    const path = file("a: x\n");
    chmodSync(path, 0o600);
    const { ino } = statSync(path);
    const yaml = new YamlFile(path);
    yaml.set(["a"], "x");
    yaml.save();
    expect(statSync(path).ino).toBe(ino);
    yaml.set(["a"], "y");
    yaml.save();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("refuses a file that is none", () => {
    expect(() => new YamlFile(file("a: [\n"))).toThrow(/file.yaml is no YAML/);
    expect(() => new YamlFile(join(tmpdir(), "fogline-none", "x.yaml"))).toThrow(/ENOENT/);
  });
});

it("texts of a YAML file are found with their paths", () => {
  const yaml = new YamlFile(file("a:\n  - b: x\n    c: 1\nd: y\n"));
  expect(yaml.leaves([])).toEqual([
    { path: ["a", 0, "b"], value: "x" },
    { path: ["d"], value: "y" },
  ]);
  expect(yaml.text(["a", 0, "b"])).toBe("x");
  expect(yaml.text(["a", 0, "c"])).toBeUndefined();
});
