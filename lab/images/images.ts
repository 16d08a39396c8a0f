/** The lab's container images: built where they are missing, held by the registry's store. */
import { Builder } from "./builder.ts";
import { keyOf } from "./keys.ts";
import { imagesAround, OWN, type ImageBinaries, type Published } from "./recipes.ts";
import { withWritableRegistry } from "./registry.ts";
import { LabError } from "../progress.ts";
import { digestOf } from "./store.ts";

export type { ImageBinaries } from "./recipes.ts";

/** Images that the program is told of, by registry, repository and digest. */
export type ImageRefs = Readonly<
  Record<"website" | "postgres" | "traefik" | "descheduler", string>
>;

/** Media type of the manifests that buildah pushes. */
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/**
 * Makes sure that the registry's store holds every image of the lab. What is there is not built
 * again: an image is asked for by a key of all that it is made of.
 *
 * @param binaries may still be in the making: images that need none are built meanwhile
 * @param say reports what is waited for
 */
export async function ensureImages(
  binaries: ImageBinaries | Promise<ImageBinaries>,
  say: (text: string) => void,
): Promise<ImageRefs> {
  const awaited = Promise.resolve(binaries);
  // Its failure is met below, where it is awaited; until then it must not end the process.
  awaited.catch(() => undefined);
  await publishMissing(Object.values(OWN), say);
  say("the toolchain, whose programs the other images hold");
  const around = imagesAround(await awaited);
  await publishMissing(Object.values(around), say);
  return {
    website: await reference(OWN.website),
    postgres: await reference(OWN.postgres),
    traefik: await reference(around.traefik),
    descheduler: await reference(around.descheduler),
  };
}

async function publishMissing(
  images: readonly Published[],
  say: (text: string) => void,
): Promise<void> {
  const missing: Published[] = [];
  for (const image of images) {
    if (!(await isPublished(image))) {
      missing.push(image);
    }
  }
  if (missing.length === 0) {
    return;
  }
  await Builder.with((builder, work) =>
    withWritableRegistry(work, async (address) => {
      for (const image of missing) {
        await publish(builder, address, image, say);
      }
    }),
  );
}

async function isPublished(image: Published): Promise<boolean> {
  const digest = await digestOf(image.repository, await keyOf(image));
  if (digest === undefined || image.tag === undefined) {
    return digest !== undefined;
  }
  return (await digestOf(image.repository, image.tag)) === digest;
}

async function publish(
  builder: Builder,
  address: string,
  image: Published,
  say: (text: string) => void,
): Promise<void> {
  const key = await keyOf(image);
  if ((await digestOf(image.repository, key)) === undefined) {
    const local = await builder.build(image, say);
    say(`storing ${image.name}`);
    await builder.push(local, `${address}/${image.repository}:${key}`);
    await builder.forget(local);
  }
  if (image.tag !== undefined) {
    await tag(`http://${address}/v2/${image.repository}/manifests`, key, image.tag);
  }
}

/** Gives an image that the registry holds another tag. */
async function tag(manifests: string, from: string, to: string): Promise<void> {
  const found = await fetch(`${manifests}/${from}`, { headers: { Accept: MANIFEST } });
  const stored = await fetch(`${manifests}/${to}`, {
    method: "PUT",
    headers: { "Content-Type": MANIFEST },
    body: await found.text(),
  });
  if (!found.ok || !stored.ok) {
    const detail = `reading ${from}: HTTP ${found.status}, storing: HTTP ${stored.status}`;
    throw new LabError("images", `naming ${manifests}/${to}`, detail, "make up");
  }
}

async function reference(image: Published): Promise<string> {
  const digest = await digestOf(image.repository, await keyOf(image));
  if (digest === undefined) {
    throw new LabError("images", `looking up ${image.name}`, "the store lost it", "make up");
  }
  return `docker.io/${image.repository}@${digest}`;
}
