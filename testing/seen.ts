/**
 * What checks found to be well, by content: in the user's cache, so that a fresh clone of a known state has
 * nothing to check. A key covers all that a finding depends on; no path of a checkout is a part of it.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { replaceFile } from "../lab/files.ts";
import { CACHE } from "../lab/layout.ts";

/** How many keys a check keeps, the latest ones: those of a dozen states of the whole tree. */
const KEPT = 20_000;

/** Files of the tree by path, with what they hold: those that git knows, and new ones that it does not ignore. */
export function sources(): ReadonlyMap<string, Buffer> {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const paths = execFileSync("git", list, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const files = paths.split("\0").filter((path) => path !== "" && existsSync(path));
  return new Map(files.map((path) => [path, readFileSync(path)]));
}

/** One key for texts and contents, in their order. */
export function keyOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    // With its length, so that no two lists of parts are one text.
    hash.update(`${Buffer.byteLength(part)}\0`).update(part);
  }
  return hash.digest("hex").slice(0, 32);
}

/** Keys that a check has seen to be well. */
export class Seen {
  private readonly file: string;
  private readonly keys: Set<string>;

  /**
   * @param name the check's own
   * @param folder where its file is; default in the user's cache
   */
  constructor(name: string, folder = join(CACHE, "seen")) {
    this.file = join(folder, name);
    this.keys = new Set(existsSync(this.file) ? readFileSync(this.file, "utf8").split("\n") : []);
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** Keeps these as the latest ones. */
  add(keys: Iterable<string>): void {
    for (const key of keys) {
      // Last, wherever it was before.
      this.keys.delete(key);
      this.keys.add(key);
    }
    replaceFile(this.file, [...this.keys].slice(-KEPT).join("\n"));
  }
}
