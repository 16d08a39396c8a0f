/** Brings one image into the cluster: asked for, built where it is missing, sent part by part. */
import { rmSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { megabytes, type BuiltImage } from "../../measures.ts";
import { indexOf, takeApart, type Image } from "./archive.ts";
import { Repository, sizeOf } from "./client.ts";
import { forwarded } from "./forward.ts";
import { BuildError, type BuildInput, type BuildOrder, type Say } from "./order.ts";
import { Builder } from "./tools.ts";

/** How often a connection may be lost; parts that have arrived are not sent again. */
const ATTEMPTS = 3;
/** Seconds between two attempts. */
const BETWEEN = 2;

/** Opens the way to the registry, e.g. by `kubectl port-forward`. */
export type Way = <T>(use: (url: string) => Promise<T>) => Promise<T>;

/**
 * Brings the image into the cluster's registry.
 *
 * @returns its digest, which names it for all processor architectures, and its size for each
 * @throws BuildError when it cannot be built or sent
 */
export async function bring({ order, kubeconfig }: BuildInput, say: Say): Promise<BuiltImage> {
  const folder = await mkdtemp(join(tmpdir(), "fogline-image-"));
  const stop = (): void => {
    // The kubeconfig is not left behind.
    rmSync(folder, { recursive: true, force: true });
    process.exit(130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    const file = join(folder, "kubeconfig");
    await writeFile(file, kubeconfig, { mode: 0o600 });
    return await bringBy((use) => forwarded(file, use), order, folder, say);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * The same by a given way.
 *
 * @param folder for what passes; it may be large
 */
export async function bringBy(
  way: Way,
  order: BuildOrder,
  folder: string,
  say: Say,
): Promise<BuiltImage> {
  const { name, key } = order;
  const found = await again(say, () => way((url) => new Repository(url, name).find(key)));
  if (found !== undefined) {
    say(`${name}: the registry has it; nothing is built or sent`);
    return found;
  }
  const images = await build(order, folder, say);
  return again(say, () => way((url) => put(new Repository(url, name), order, images, say)));
}

async function build(order: BuildOrder, folder: string, say: Say): Promise<readonly Image[]> {
  const builder = await Builder.find();
  const context = join(folder, "context");
  for (const { from, to, executable } of order.context) {
    const target = join(context, to);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(from, target);
    await chmod(target, executable ? 0o755 : 0o644);
  }
  const images: Image[] = [];
  for (const arch of order.archs) {
    say(`${order.name}: building for ${arch} with ${builder.name}`);
    const file = join(folder, `${arch}.tar`);
    await builder.build(order, arch, context, file);
    images.push(await takeApart(file, join(folder, arch), arch));
    await rm(file);
  }
  return images;
}

/** Sends what the registry lacks, and names the image last, so that half of it is none. */
async function put(
  repository: Repository,
  { name, key }: BuildOrder,
  images: readonly Image[],
  say: Say,
): Promise<BuiltImage> {
  const parts = images.flatMap(({ config, layers }) => [...layers, config]);
  const blobs = new Map(parts.map((part) => [part.digest, part]));
  let [sent, bytes] = [0, 0];
  for (const blob of blobs.values()) {
    if (!(await repository.has(blob.digest)) && !(await repository.mount(blob))) {
      say(`${name}: sending ${megabytes(blob.size)}`);
      await repository.put(blob);
      sent += 1;
      bytes += blob.size;
    }
  }
  for (const { manifest } of images) {
    await repository.write(manifest.digest, manifest);
  }
  const index = indexOf(images);
  await repository.write(key, index);
  say(`${name}: ${sent} of ${blobs.size} parts sent, ${megabytes(bytes)}; the others were there`);
  const sizes = images.map(({ arch, config, layers }) => [arch, sizeOf([config, ...layers])]);
  return { digest: index.digest, bytes: Object.fromEntries(sizes) as BuiltImage["bytes"] };
}

/** Tries anew where a connection was lost; a refusal is final. */
async function again<T>(say: Say, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BuildError) {
        throw error;
      }
      const why = error instanceof Error ? error.message : String(error);
      if (attempt === ATTEMPTS) {
        throw new BuildError(
          `the connection to the registry was lost ${ATTEMPTS} times: ${why}\nfix: run up again; parts that arrived are not sent again`,
        );
      }
      say(`the connection to the registry was lost: ${why}; trying again`);
      await pause(BETWEEN * 1000);
    }
  }
}
