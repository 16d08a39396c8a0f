import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { bundle } from "./bundle.ts";
import { replaceFile } from "./files.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-files-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it("a file gets its folder, its content and its permissions, also in place of one with others", () => {
  const path = join(folder, "a", "file");
  replaceFile(path, "open");
  replaceFile(path, "closed", 0o600);
  expect(readFileSync(path, "utf8")).toBe("closed");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("a file that cannot be written leaves nothing behind", () => {
  const path = join(folder, "taken");
  mkdirSync(join(path, "by a folder"), { recursive: true });
  expect(() => {
    replaceFile(path, "text");
  }).toThrow();
  expect(readdirSync(folder)).toEqual(["taken"]);
});

it("a file is whole whenever its writer is killed", async () => {
  const path = join(folder, "file");
  const size = 1_000_000;
  const program = join(folder, "writer.mjs");
  const files = await bundle("lab/files.ts");
  writeFileSync(
    program,
    `import { replaceFile } from ${JSON.stringify(files)};
     for (;;) replaceFile(${JSON.stringify(path)}, "x".repeat(${size}));`,
  );
  for (let kill = 0; kill < 5; kill++) {
    const changed = watch(folder);
    const writer = spawn(process.execPath, [program], { stdio: ["ignore", "ignore", "inherit"] });
    await once(changed, "change");
    changed.close();
    writer.kill("SIGKILL");
    await once(writer, "exit");
    const written = readFileSync(path, { flag: "a+" }).length;
    expect([0, size]).toContain(written);
  }
});
