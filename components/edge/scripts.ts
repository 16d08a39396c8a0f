/** Where this folder's scripts are. */
import { join } from "node:path";

/** Paths of this folder's scripts. */
export function scripts(...files: readonly string[]): string[] {
  return files.map((file) => join(import.meta.dirname, "scripts", file));
}
