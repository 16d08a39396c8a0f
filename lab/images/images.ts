/** The lab's container images: built where they are missing, held by the registry's store. */
import type { AppImage } from "../../apps/images.ts";
import { LabError, type Say } from "../progress.ts";
import { Builder } from "./builder.ts";
import { keyOf } from "./keys.ts";
import {
  appImage,
  clusterImages,
  OWN,
  programsOf,
  type ClusterBinaries,
  type Programs,
  type Published,
} from "./recipes.ts";
import { withWritableRegistry } from "./registry.ts";
import { digestOf } from "./store.ts";

/** An image that a setting of the stack names. */
export interface WantedImage {
  /** Section and key of the setting. */
  readonly section: string;
  readonly key: string;
  readonly image: AppImage;
}

/** Images by registry, repository and digest, by the section and key of their setting. */
export type ImageRefs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What the toolchain makes for images. */
export interface ImagePrograms {
  readonly cluster: ClusterBinaries;
  readonly programs: Programs;
}

/** Runs work under a name, with its time shown. */
export type Phase = <T>(name: string, work: (say: Say) => Promise<T>) => Promise<T>;

/** Media type of the manifests that buildah pushes. */
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

/**
 * Makes sure that the registry's store holds the cluster's images and those that are wanted. What is
 * there is not built again: an image is asked for by a key of all that it is made of.
 *
 * @param made may still be in the making: images that hold no program are built meanwhile
 * @param phase shows the time of each image that is built
 * @param say reports what is waited for
 */
export async function ensureImages(
  wanted: readonly WantedImage[],
  made: ImagePrograms | Promise<ImagePrograms>,
  phase: Phase,
  say: Say,
): Promise<ImageRefs> {
  const awaited = Promise.resolve(made);
  // Its failure is met below, where it is awaited; until then it must not end the process.
  awaited.catch(() => undefined);
  const alone = wanted.filter(({ image }) => programsOf(image).length === 0);
  await publishMissing(
    [...Object.values(OWN), ...alone.map(({ image }) => appImage(image, {}))],
    phase,
    say,
  );
  say("the toolchain, whose programs the other images hold");
  const { cluster, programs } = await awaited;
  const all = wanted.map((each) => ({ ...each, published: appImage(each.image, programs) }));
  await publishMissing(
    [...clusterImages(cluster), ...all.map(({ published }) => published)],
    phase,
    say,
  );
  const refs: Record<string, Record<string, string>> = {};
  for (const { section, key, published } of all) {
    refs[section] = { ...refs[section], [key]: await reference(published) };
  }
  return refs;
}

async function publishMissing(images: readonly Published[], phase: Phase, say: Say): Promise<void> {
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
        say(`image ${image.name}`);
        await phase(`image ${image.name}`, (tell) => publish(builder, address, image, tell));
      }
    }),
  );
}

async function isPublished(image: Published): Promise<boolean> {
  const digest = digestOf(image.repository, await keyOf(image));
  if (digest === undefined || image.tag === undefined) {
    return digest !== undefined;
  }
  return digestOf(image.repository, image.tag) === digest;
}

async function publish(
  builder: Builder,
  address: string,
  image: Published,
  say: Say,
): Promise<void> {
  const key = await keyOf(image);
  if (digestOf(image.repository, key) === undefined) {
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
  const digest = digestOf(image.repository, await keyOf(image));
  if (digest === undefined) {
    throw new LabError("images", `looking up ${image.name}`, "the store lost it", "make up");
  }
  return `docker.io/${image.repository}@${digest}`;
}
