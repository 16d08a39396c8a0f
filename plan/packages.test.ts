import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { linkPackages } from "./packages.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-packages-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const read = (path: string): string => readFileSync(join(folder, path), "utf8");

describe("the packages for another checkout", () => {
  it("are the installed ones, and the other checkout's own", () => {
    write("here/node_modules/zod/index.js", "installed");
    write("here/node_modules/@scope/one/index.js", "installed");
    write("here/node_modules/@fogline/kit/index.ts", "here");
    write("there/packages/kit/index.ts", "there");
    linkPackages(join(folder, "here"), join(folder, "there"));
    expect(read("there/node_modules/zod/index.js")).toBe("installed");
    expect(read("there/node_modules/@scope/one/index.js")).toBe("installed");
    expect(read("there/node_modules/@fogline/kit/index.ts")).toBe("there");
  });

  it("are the installed ones alone where a commit has no packages of its own", () => {
    write("here/node_modules/zod/index.js", "installed");
    write("here/node_modules/@fogline/kit/index.ts", "here");
    mkdirSync(join(folder, "there"));
    linkPackages(join(folder, "here"), join(folder, "there"));
    expect(read("there/node_modules/zod/index.js")).toBe("installed");
    expect(() => read("there/node_modules/@fogline/kit/index.ts")).toThrow("ENOENT");
  });
});
