/**
 * The K3s stand-in under the name of another version, so that a lab can be brought from one to the next. What it does
 * stays the same; a build from another release's sources would take minutes and gigabytes.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { LabError } from "../progress.ts";

/** A version up to its patch number, which is all that two may differ in. */
const MINOR = /^v\d+\.\d+\./;

/** Whether a stand-in of a version passes for another one: what the API offers is the same, and the text as long. */
export function passesFor(from: string, to: string): boolean {
  return to.length === from.length && MINOR.exec(to)?.[0] === MINOR.exec(from)?.[0];
}

/**
 * The binary with another version in each place where the first stands.
 *
 * @param from version that it tells, e.g. `v1.36.3+k3s1`
 * @param to version that it shall tell, for which it passes
 * @throws LabError where the binary does not tell the first, or does not pass for the other
 */
export function renamed(binary: Buffer, from: string, to: string): Buffer {
  const copy = Buffer.from(binary);
  let found = 0;
  for (let at = copy.indexOf(from); at !== -1; at = copy.indexOf(from, at + from.length)) {
    copy.write(to, at, "latin1");
    found += 1;
  }
  if (found === 0 || !passesFor(from, to)) {
    const why = found === 0 ? `it tells no ${from}` : `${from} does not pass for it`;
    throw new LabError("toolchain", `the K3s stand-in as ${to}`, why, "make up");
  }
  return copy;
}

/** Writes the renamed binary into a folder. */
export async function writeRenamed(
  source: string,
  folder: string,
  from: string,
  to: string,
): Promise<void> {
  await writeFile(join(folder, "k3s"), renamed(await readFile(source), from, to), { mode: 0o755 });
}
