/**
 * Official images, copied from their registries into the lab's store. What is pinned is an index over all
 * processor architectures; its digest proves which manifest is this computer's, and that one's digest proves
 * every part. The registry of the lab takes no index whose other images it does not have, so machines name the
 * manifest itself.
 */
import { open, rm } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { MEDIA } from "../../apps/registry/build/archive.ts";
import { Repository } from "../../apps/registry/build/client.ts";
import { BuildError } from "../../apps/registry/build/order.ts";
import {
  platformsOf,
  withDigest,
  type ImageRef,
  type ImageRegistries,
  type Platform,
} from "../toolchain/image-registry.ts";
import type { Arch } from "../toolchain/lock.ts";
import { WebError } from "../toolchain/web.ts";
import { LabError, type Say } from "../progress.ts";
import { imageIn } from "./store.ts";

/** A reference that has a digest. */
export type PinnedRef = ImageRef & { readonly digest: string };

/** What a registry has of an image for this computer's processor. */
export interface Remote {
  readonly ref: PinnedRef;
  /** Digest of the manifest. */
  readonly digest: string;
  readonly manifest: string;
  /** Configuration and layers, in their order. */
  readonly parts: readonly ImagePart[];
}

/** A layer or a configuration. */
export interface ImagePart {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

const part = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
});
const image = z.object({ config: part, layers: z.array(part) });
/** Docker's manifests name their type, those of OCI need not. */
const typed = z.object({ mediaType: z.string().default(MEDIA.manifest) });

/** Variant of each architecture that every computer of it runs, besides none at all. */
const OLDEST: Readonly<Record<Arch, string>> = { amd64: "v1", arm64: "v8" };

/** Tag that the store keeps an official image under: an image that is pinned anew is another one. */
export function tagOf({ digest }: PinnedRef, arch: Arch): string {
  return `${digest.replace(":", "-")}-${arch}`;
}

/**
 * Asks an image's registry what there is for this computer's processor.
 *
 * @throws RefusedError when the registry does not show it
 * @throws DigestError when what it shows was not asked for
 * @throws WebError for any other answer that is of no use
 */
export async function lookUp(
  registries: ImageRegistries,
  ref: PinnedRef,
  arch: Arch,
): Promise<Remote> {
  const pinned = await registries.manifest(ref, ref.digest);
  const platforms = platformsOf(pinned.json);
  const manifest =
    platforms === undefined
      ? pinned
      : await registries.manifest(ref, choose(platforms, arch, pinned.url).digest);
  const { data } = image.safeParse(manifest.json);
  if (data === undefined) {
    const fix = "name an image that has a manifest of OCI or of Docker, version 2";
    throw new WebError(manifest.url, "the answer is neither an image nor an index of images", fix);
  }
  if (platforms === undefined) {
    const found = await registries.architecture(ref, data.config.digest);
    if (found !== arch) {
      throw missing(manifest.url, found === undefined ? [] : [found], arch);
    }
  }
  return {
    ref,
    digest: manifest.digest,
    manifest: manifest.body.toString("utf8"),
    // A layer may be in an image twice.
    parts: [...new Map([data.config, ...data.layers].map((each) => [each.digest, each])).values()],
  };
}

/** An image that runs on every processor of the architecture; newer variants do not. */
function choose(platforms: readonly Platform[], arch: Arch, url: string): Platform {
  const mine = platforms.filter((each) => each.arch === arch);
  const found =
    mine.find(({ variant }) => variant === undefined) ??
    mine.find(({ variant }) => variant === OLDEST[arch]);
  if (found === undefined) {
    const there = platforms.map((each) => [each.arch, each.variant ?? []].flat().join("/"));
    throw missing(url, there, arch);
  }
  return found;
}

function missing(url: string, there: readonly string[], arch: Arch): WebError {
  const names = there.join(", ") || "nothing on Linux";
  const fix = "pin an image that is there for every architecture";
  return new WebError(url, `the image is there for ${names}, and not for ${arch}`, fix);
}

/** What writes to one repository of the store. */
export type Target = Pick<Repository, "has" | "put" | "write">;

/**
 * A repository of the store, while that is open for writing.
 *
 * @param address of the store's registry, as `127.0.0.1:<port>`
 */
export function repositoryAt(address: string, name: string): Repository {
  return new Repository(`http://${address}`, name);
}

/**
 * Copies an image into the store. Parts that the store has are not fetched: a copy that broke off goes on
 * where it was. The tags are set last, when everything is in.
 *
 * @param folder for a part while it arrives
 * @throws LabError when a part does not arrive, or is not what it was asked for by
 */
export async function copyImage(
  registries: ImageRegistries,
  { ref, parts, manifest, digest }: Remote,
  target: Target,
  { tags, folder, say }: { tags: readonly string[]; folder: string; say: Say },
): Promise<void> {
  const name = withDigest(ref, undefined);
  const total = megabytes(parts.reduce((sum, { size }) => sum + size, 0));
  let there = 0;
  try {
    for (const each of parts) {
      if (!(await target.has(each.digest))) {
        const file = join(folder, "part");
        const arrived = there;
        try {
          await receive(registries, ref, each, file, (received) => {
            say(`${name}: ${megabytes(arrived + received)} of ${total}`);
          });
          await target.put({ ...each, file, mediaType: "" });
        } finally {
          await rm(file, { force: true });
        }
      }
      there += each.size;
    }
    for (const tag of tags) {
      await write(target, tag, { digest, text: manifest });
    }
  } catch (error) {
    throw asLabError(ref, error);
  }
}

/**
 * Gives an image of the store another tag.
 *
 * @throws LabError when the store does not hold it
 */
export async function tagAlso(
  address: string,
  repository: string,
  from: string,
  to: string,
): Promise<void> {
  const found = imageIn(repository, from);
  if (found === undefined) {
    throw new LabError("images", `naming ${repository}:${to}`, "the store lost it", "make up");
  }
  await write(repositoryAt(address, repository), to, found);
}

async function write(
  target: Target,
  tag: string,
  { digest, text }: { readonly digest: string; readonly text: string },
): Promise<void> {
  const { mediaType } = typed.parse(JSON.parse(text));
  await target.write(tag, { mediaType, text, digest, size: Buffer.byteLength(text) });
}

async function receive(
  registries: ImageRegistries,
  ref: PinnedRef,
  wanted: ImagePart,
  path: string,
  say: (received: number) => void,
): Promise<void> {
  const file = await open(path, "w");
  let received = 0;
  try {
    await registries.blob(ref, wanted, async (chunk) => {
      received += chunk.length;
      await file.appendFile(chunk);
      say(received);
    });
  } finally {
    await file.close();
  }
}

/** A request's failure as the lab tells it; other errors are mistakes here, or of the disk, and pass through. */
export function asLabError(ref: ImageRef, error: unknown): unknown {
  if (!(error instanceof WebError || error instanceof BuildError)) {
    return error;
  }
  return new LabError(
    "images",
    `copying ${withDigest(ref, ref.digest)}`,
    error.message,
    "make up, which fetches what has not arrived yet, or FOGLINE_OFFLINE=1 make up, which asks no registry",
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
