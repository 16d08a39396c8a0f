/** The README's generated part is what the schemas say. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, it } from "vitest";
import { z } from "zod";

import { settingsTable, withTable } from "../../stacks/settings-table.ts";

it("the README's table of settings is made from the schemas; npm run settings writes it", () => {
  const readme = readFileSync(join(import.meta.dirname, "../..", "README.md"), "utf8");
  expect(withTable(readme, settingsTable())).toBe(readme);
});

it("a setting without a description is refused by name", () => {
  const settings = { schema: z.strictObject({ size: z.string() }) };
  expect(() => settingsTable({ thing: { settings } })).toThrow("thing.size has no description");
});
