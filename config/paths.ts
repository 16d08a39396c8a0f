/** Paths as settings write them. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Absolute path of a setting that may start with `~/`. */
export function expandHome(path: string): string {
  return path.startsWith("~/") ? join(homedir(), path.slice(2)) : path;
}
