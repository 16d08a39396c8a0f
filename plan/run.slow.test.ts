/** What a plan says of a program that does not run. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, it } from "vitest";

import { createPlanKeys, runProgram } from "./run.ts";

const shared = createPlanKeys();
const folder = mkdtempSync(join(tmpdir(), "fogline-checkout-"));
mkdirSync(join(folder, "config"));
writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
writeFileSync(join(folder, "config/schema.ts"), "export const parse = (raw: unknown) => raw;\n");
symlinkSync(join(import.meta.dirname, "../node_modules"), join(folder, "node_modules"));

afterAll(() => {
  shared[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

it.each([
  ["fails", '\n\nthrow new Error("broken" as string);\n', /broken[^]*index\.ts:3/],
  ["cannot be read", "\n\nconst = 1;\n", /index\.ts:3/],
])("names the line of the sources where a program %s", async (_, text, message) => {
  const checkout = mkdtempSync(join(folder, "of-"));
  for (const name of ["config", "node_modules", "package.json"]) {
    symlinkSync(join(folder, name), join(checkout, name));
  }
  writeFileSync(join(checkout, "index.ts"), text);
  expect(await runProgram(checkout, "fixture", {}, shared)).toEqual({
    kind: "failed",
    message: expect.stringMatching(message) as string,
  });
});
