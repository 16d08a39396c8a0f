/** Sizes of images of the registry's store, from their manifests. */
import { z } from "zod";

import type { Arch } from "../../components/machine.ts";
import { readIfThere } from "../processes.ts";
import { blobFile } from "./store.ts";

const descriptor = z.object({ digest: z.string(), size: z.number() });
const manifest = z.object({ config: descriptor, layers: z.array(descriptor) });
const index = z.object({
  manifests: z.array(
    descriptor.extend({ platform: z.object({ architecture: z.string() }).optional() }),
  ),
});

/**
 * Bytes of an image as nodes pull it: its compressed layers and its configuration.
 *
 * @param digest of a manifest, or of an index over processor architectures
 * @returns undefined where the store does not hold it, or not for this architecture
 */
export function sizeInStore(digest: string, arch: Arch): number | undefined {
  const text = readIfThere(blobFile(digest));
  if (text === undefined) {
    return undefined;
  }
  const content: unknown = JSON.parse(text);
  const { data } = index.safeParse(content);
  if (data !== undefined) {
    const own = data.manifests.find(({ platform }) => platform?.architecture === arch);
    return own === undefined ? undefined : sizeInStore(own.digest, arch);
  }
  const { config, layers } = manifest.parse(content);
  return layers.reduce((sum, { size }) => sum + size, config.size);
}
