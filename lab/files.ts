/** Files that a later command reads, whatever ends the one that writes them. */
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Writes a file aside and renames it: whoever reads it meanwhile, or after a kill half-way, finds the
 * whole old one or the whole new one. Its folder is made where it is missing.
 *
 * @param mode permission bits of the file, whatever it had before
 */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(path), { recursive: true });
  // Threads of one process, such as those of tests, may write the same file.
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    writeFileSync(draft, content, { mode });
    // The umask takes bits away from those of a new file.
    chmodSync(draft, mode);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
