/**
 * A folder per built or downloaded part, named by a hash of everything it was made from. A folder is
 * made aside and renamed when complete, so that one which exists is whole; its manifest holds the
 * sums, so that a warm start reads a few bytes instead of hashing hundreds of megabytes.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";

import { CACHE } from "../layout.ts";
import { identify } from "../processes.ts";

const MANIFEST = "manifest.json";

/** A complete part in the cache. */
export interface Entry {
  readonly folder: string;
  /** SHA-256 by file name, of every file in the folder. */
  readonly sums: Readonly<Record<string, string>>;
  /** Where it was taken from when it was made. */
  readonly source: string;
}

interface Manifest {
  readonly source: string;
  readonly files: Readonly<Record<string, { sha256: string; size: number }>>;
}

/**
 * The part made from these inputs: from the cache, or made now.
 *
 * @param inputs whatever the result depends on
 * @param make fills the given folder and returns where the part was taken from
 */
export async function cached(
  name: string,
  inputs: readonly string[],
  make: (folder: string) => Promise<string>,
  cache = join(CACHE, "toolchain"),
): Promise<Entry> {
  const folder = folderOf(cache, name, inputs);
  const found = await lookUp(folder);
  if (found !== undefined) {
    return found;
  }
  await mkdir(cache, { recursive: true });
  await tidy(name, cache);
  const draft = join(cache, `.${name}.${process.pid}`);
  await mkdir(draft);
  try {
    const source = await make(draft);
    await writeManifest(draft, source);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const made = await lookUp(folder);
  if (made === undefined) {
    throw new Error(`${folder} is not whole after it was made; is the disk full?`);
  }
  return made;
}

/** The part made from these inputs when the cache has it. */
export async function inCache(
  name: string,
  inputs: readonly string[],
  cache = join(CACHE, "toolchain"),
): Promise<Entry | undefined> {
  return lookUp(folderOf(cache, name, inputs));
}

function folderOf(cache: string, name: string, inputs: readonly string[]): string {
  return join(cache, `${name}-${digest(inputs).slice(0, 16)}`);
}

/** Versions of a part that are kept, the newest used: other checkouts may be at another version. */
const KEPT = 3;

/** Removes what killed runs left half-made, and versions that were not used for long. */
async function tidy(name: string, cache: string): Promise<void> {
  const names = await readdir(cache);
  const drafts = names.filter(
    (each) =>
      each.startsWith(`.${name}.`) && identify(Number(each.split(".").at(-1))) === undefined,
  );
  const versions = await Promise.all(
    names
      .filter(
        (each) => each.startsWith(`${name}-`) && /^[0-9a-f]{16}$/.test(each.slice(name.length + 1)),
      )
      .map(async (each) => ({ each, used: (await stat(join(cache, each))).mtimeMs })),
  );
  const old = versions.sort((a, b) => b.used - a.used).slice(KEPT - 1);
  for (const each of [...drafts, ...old.map((version) => version.each)]) {
    await rm(join(cache, each), { recursive: true, force: true });
  }
}

/** A complete entry; one whose files are gone or cut short counts as absent. */
async function lookUp(folder: string): Promise<Entry | undefined> {
  try {
    const manifest = JSON.parse(await readFile(join(folder, MANIFEST), "utf8")) as Manifest;
    for (const [name, { size }] of Object.entries(manifest.files)) {
      if ((await stat(join(folder, name))).size !== size) {
        return undefined;
      }
    }
    const now = new Date();
    await utimes(folder, now, now);
    const sums = Object.entries(manifest.files).map(([name, { sha256 }]) => [name, sha256]);
    return { folder, source: manifest.source, sums: Object.fromEntries(sums) as Entry["sums"] };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}

async function writeManifest(folder: string, source: string): Promise<void> {
  const files: Record<string, { sha256: string; size: number }> = {};
  for (const path of await listFiles(folder)) {
    files[relative(folder, path)] = {
      sha256: await sha256File(path),
      size: (await stat(path)).size,
    };
  }
  const manifest: Manifest = { source, files };
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** All files below a folder, sorted, without what was built beside sources. */
export async function listFiles(
  folder: string,
  skip: ReadonlySet<string> = new Set(["node_modules", "dist"]),
): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = await Promise.all(
    entries
      .filter((entry) => !skip.has(entry.name))
      .map(async (entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? listFiles(path, skip) : [path];
      }),
  );
  return lists.flat().sort();
}

/** Names and contents of a source folder, as inputs of {@link cached}. */
export async function sourceInputs(folder: string): Promise<string[]> {
  const files = await listFiles(folder);
  const inputs = files.map(async (path) => [
    relative(folder, path),
    createHash("sha256")
      .update(await readFile(path))
      .digest("hex"),
  ]);
  return (await Promise.all(inputs)).flat();
}

/** SHA-256 of a file, in hex. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function digest(inputs: readonly string[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) {
    // The length keeps ["ab", "c"] and ["a", "bc"] apart.
    hash.update(`${input.length}:${input}`);
  }
  return hash.digest("hex");
}
