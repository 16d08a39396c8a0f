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

/** An image that the store holds. */
export interface StoredImage {
  readonly digest: string;
  /** Its manifest. */
  readonly text: string;
}

/** Digest of the image under a tag, if the store holds all of it. */
export function digestOf(repository: string, tag: string, store = STORE): string | undefined {
  return imageIn(repository, tag, store)?.digest;
}

/**
 * The image under a tag, if the store holds all of it.
 *
 * @param store the store's folder; default: the computer's
 */
export function imageIn(repository: string, tag: string, store = STORE): StoredImage | undefined {
  const repositories = join(contentOf(store), "repositories");
  const tags = join(repositories, ...repository.split("/"), "_manifests", "tags");
  const digest = readIfThere(join(tags, tag, "current", "link"));
  const text = digest === undefined ? undefined : readIfThere(blobFile(digest, store));
  if (digest === undefined || text === undefined) {
    return undefined;
  }
  const { config, layers } = manifest.parse(JSON.parse(text));
  return [config, ...layers].every((part) => existsSync(blobFile(part.digest, store)))
    ? { digest, text }
    : undefined;
}

/** File of a part, a manifest or an index; it need not be there. */
export function blobFile(digest: string, store = STORE): string {
  const [algorithm = "", sum = ""] = digest.split(":");
  return join(contentOf(store), "blobs", algorithm, sum.slice(0, 2), sum, "data");
}

function contentOf(store: string): string {
  return join(store, "docker", "registry", "v2");
}
