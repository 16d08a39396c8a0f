/**
 * The registry's store on disk: what it holds is read from its files, so that looking needs no
 * registry to run. The layout is that of the distribution project's file system driver, version 2.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { CACHE } from "../layout.ts";
import { readIfThere } from "../processes.ts";

/** Folder of the store: kept between labs, shared by checkouts. */
export const STORE = join(CACHE, "images", "registry");

const manifest = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string() })),
});

/** Digest of the image under a tag, if the store holds all of it. */
export function digestOf(repository: string, tag: string): string | undefined {
  const link = join(repositoryFolder(repository), "_manifests", "tags", tag, "current", "link");
  const digest = readIfThere(link);
  const text = digest === undefined ? undefined : readIfThere(blobFile(digest));
  if (text === undefined) {
    return undefined;
  }
  const { config, layers } = manifest.parse(JSON.parse(text));
  return [config, ...layers].every((part) => existsSync(blobFile(part.digest)))
    ? digest
    : undefined;
}

function repositoryFolder(repository: string): string {
  return join(STORE, "docker", "registry", "v2", "repositories", ...repository.split("/"));
}

/** File of a part, a manifest or an index; it need not be there. */
export function blobFile(digest: string): string {
  const [algorithm = "", sum = ""] = digest.split(":");
  const blobs = join(STORE, "docker", "registry", "v2", "blobs");
  return join(blobs, algorithm, sum.slice(0, 2), sum, "data");
}
