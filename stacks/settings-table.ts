/**
 * The README's table of settings, from the documentation in the schemas, and the tables of docs/failover.md.
 *
 * Usage: node --import tsx stacks/settings-table.ts   (writes them into README.md and docs/failover.md)
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { APPS } from "../apps/index.ts";
import { schemasOf } from "../config/schema.ts";
import type { Sections } from "../config/section.ts";
import { markdown, tableOf } from "./markdown-table.ts";
import { failoverDocument } from "./failover-document.ts";

const README = join(import.meta.dirname, "..", "README.md");
const FAILOVER = join(import.meta.dirname, "..", "docs", "failover.md");

type Row = readonly [setting: string, meaning: string, without: string];

/**
 * The table in Markdown. A section that has a description of its own is one row.
 *
 * @throws Error naming a setting that nobody has described
 */
export function settingsTable(apps: Sections = APPS): string {
  const rows = Object.entries(schemasOf(apps)).flatMap(([name, schema]) =>
    schema instanceof z.ZodObject && schema.description === undefined
      ? Object.entries(schema.shape as Record<string, z.ZodType>).map(([key, field]) =>
          row(`${name}.${key}`, field),
        )
      : [row(name, schema)],
  );
  return markdown([["Setting", "Meaning", "Default"], ...rows]);
}

/** The README's text with the table in its place. @throws Error when it has no place for it */
export function withTable(readme: string, table: string): string {
  return tableOf("README.md", readme, "settings", table);
}

function row(setting: string, schema: z.ZodType): Row {
  const { description, without } = schema.meta() ?? {};
  if (description === undefined) {
    throw new Error(`${setting} has no description; add .describe("…") to it in its schema`);
  }
  return [`\`${setting}\``, description, typeof without === "string" ? without : initial(schema)];
}

/** What holds where nothing is written. */
function initial(schema: z.ZodType): string {
  const { success, data } = schema.safeParse(undefined);
  if (!success) {
    return "must be given";
  }
  const isNothing =
    data === undefined || (typeof data === "object" && Object.keys(data as object).length === 0);
  return isNothing ? "none" : `\`${typeof data === "string" ? data : JSON.stringify(data)}\``;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(README, withTable(readFileSync(README, "utf8"), settingsTable()));
  writeFileSync(FAILOVER, failoverDocument(readFileSync(FAILOVER, "utf8")));
}
