/**
 * ESLint and TypeScript over the tree; exit code 1 if they find anything. Where neither a file of the tree
 * nor an installed package differs from what was well before, in any checkout, neither of them is loaded.
 */
import { existsSync, readFileSync } from "node:fs";

import { keyOf, Seen, sources } from "./seen.ts";

/** npm's own list of what it installed: versions and sums of all packages. */
const INSTALLED = "node_modules/.package-lock.json";

const seen = new Seen("lint");
const installed = existsSync(INSTALLED) ? readFileSync(INSTALLED) : undefined;
const key = installed && keyOf(process.version, installed, ...[...sources()].flat());

if (key === undefined || !seen.has(key)) {
  const { isLinted } = await import("./lint-program.ts");
  if (!(await isLinted())) {
    process.exitCode = 1;
  } else if (key !== undefined) {
    seen.add([key]);
  }
}
