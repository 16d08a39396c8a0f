import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { inputsOf, isCurrent } from "./inputs.mjs";

let folder: string;
let source: string;
let record: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-inputs-"));
  source = join(folder, "source.ts");
  record = join(folder, "record.json");
  writeFileSync(source, "one");
  writeFileSync(record, JSON.stringify({ madeFor: folder, inputs: inputsOf([source]) }));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("a record of inputs", () => {
  it("is current while each file is what it was", () => {
    expect(isCurrent(record, folder)).toBe(true);
  });

  it.each([
    [
      "a file has another size",
      () => {
        writeFileSync(source, "three");
        utimesSync(source, 1, 1);
      },
    ],
    [
      "a file was written later",
      () => {
        utimesSync(source, 1, 1);
      },
    ],
    [
      "a file is gone",
      () => {
        rmSync(source);
      },
    ],
    [
      "there is none",
      () => {
        rmSync(record);
      },
    ],
    [
      "it was cut off",
      () => {
        writeFileSync(record, "{");
      },
    ],
  ])("is not where %s", (_, change) => {
    change();
    expect(isCurrent(record, folder)).toBe(false);
  });

  it("is not for another checkout, whose paths are others", () => {
    expect(isCurrent(record, "/elsewhere")).toBe(false);
  });
});
