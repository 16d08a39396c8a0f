/**
 * The registry's store on disk: what it holds is read from its files, so that looking needs no
 * registry to run. The layout is that of the distribution project's file system driver, version 2.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { CACHE } from "../layout.ts";

/** Folder of the store: kept between labs, shared by checkouts. */
export const STORE = join(CACHE, "images", "registry");

const manifest = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() })),
});

/** Digest of the image under a tag, if the store holds all of it. */
export async function digestOf(repository: string, tag: string): Promise<string | undefined> {
  const link = join(repositoryFolder(repository), "_manifests", "tags", tag, "current", "link");
  const digest = await readIfThere(link);
  if (digest === undefined) {
    return undefined;
  }
  const text = await readIfThere(blobFile(digest));
  if (text === undefined) {
    return undefined;
  }
  const { config, layers } = manifest.parse(JSON.parse(text));
  const parts = await Promise.all([config, ...layers].map((part) => exists(blobFile(part.digest))));
  return parts.every(Boolean) ? digest : undefined;
}

function repositoryFolder(repository: string): string {
  return join(STORE, "docker", "registry", "v2", "repositories", ...repository.split("/"));
}

function blobFile(digest: string): string {
  const [algorithm = "", sum = ""] = digest.split(":");
  const blobs = join(STORE, "docker", "registry", "v2", "blobs");
  return join(blobs, algorithm, sum.slice(0, 2), sum, "data");
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    rethrowUnlessAbsent(error);
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    rethrowUnlessAbsent(error);
    return false;
  }
}

function rethrowUnlessAbsent(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
    throw error;
  }
}
