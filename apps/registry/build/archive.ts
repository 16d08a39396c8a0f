/** A saved image as the parts that a registry keeps: configuration, compressed layers, manifest. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Transform } from "node:stream";
import { createGzip } from "node:zlib";

import { execa } from "execa";
import { z } from "zod";

import type { Arch } from "../../../components/machine.ts";
import { BuildError } from "./order.ts";

/** Media types of the OCI image format. */
export const MEDIA = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** What names a part in another one. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** A part that lies in a file. */
export interface Blob extends Descriptor {
  readonly file: string;
}

/** A text that a registry keeps under its digest. */
export interface Document extends Descriptor {
  readonly text: string;
}

/** An image for one processor architecture. */
export interface Image {
  readonly arch: Arch;
  readonly manifest: Document;
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

const saved = z.array(z.object({ Config: z.string(), Layers: z.array(z.string()) })).length(1);

/**
 * Takes a file apart that `docker save` or its like wrote.
 *
 * @param folder for the parts
 * @throws BuildError when it holds no image
 */
export async function takeApart(file: string, folder: string, arch: Arch): Promise<Image> {
  await mkdir(folder, { recursive: true });
  await execa("tar", ["-xf", file, "-C", folder]);
  const text = await readFile(join(folder, "manifest.json"), "utf8");
  const { data } = saved.safeParse(JSON.parse(text));
  const [image] = data ?? [];
  if (image === undefined) {
    throw new BuildError(`the saved image for ${arch} is not one image: ${text.slice(0, 300)}`);
  }
  const config = await blobOf(join(folder, image.Config), MEDIA.config);
  const layers: Blob[] = [];
  for (const [n, layer] of image.Layers.entries()) {
    layers.push(await compressed(join(folder, layer), join(folder, `layer-${n}.tar.gz`)));
  }
  const manifest = documentOf(MEDIA.manifest, {
    config: descriptorOf(config),
    layers: layers.map(descriptorOf),
  });
  return { arch, manifest, config, layers };
}

/** The one name for an image of several processor architectures. */
export function indexOf(images: readonly Image[]): Document {
  return documentOf(MEDIA.index, {
    manifests: images.map(({ arch, manifest }) => ({
      ...descriptorOf(manifest),
      platform: { architecture: arch, os: "linux" },
    })),
  });
}

/** Digest of a text, as registries write it. */
export function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function documentOf(mediaType: string, content: object): Document {
  const text = JSON.stringify({ schemaVersion: 2, mediaType, ...content });
  return { mediaType, digest: digestOf(text), size: Buffer.byteLength(text), text };
}

function descriptorOf({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size };
}

/** A layer as it is sent: slow links decide how long an image takes. */
async function compressed(layer: string, target: string): Promise<Blob> {
  if (await isGzip(layer)) {
    return blobOf(layer, MEDIA.layer);
  }
  const hash = createHash("sha256");
  let size = 0;
  const measure = new Transform({
    transform: (part: Buffer, _, done) => {
      hash.update(part);
      size += part.length;
      done(undefined, part);
    },
  });
  await pipeline(createReadStream(layer), createGzip(), measure, createWriteStream(target));
  return { mediaType: MEDIA.layer, digest: `sha256:${hash.digest("hex")}`, size, file: target };
}

async function blobOf(file: string, mediaType: string): Promise<Blob> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  const { size } = await stat(file);
  return { mediaType, digest: `sha256:${hash.digest("hex")}`, size, file };
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}
