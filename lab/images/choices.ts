/** The images of a stack and where each is taken from, decided beside the rest of what `make up` begins with. */
import { z } from "zod";

import type { Program } from "../../apps/images.ts";
import { parseRef, type ImageRef } from "../toolchain/image-registry.ts";
import { hostArch, readToolchainLock, type ToolchainLock } from "../toolchain/lock.ts";
import { officialOptions, type OfficialOptions } from "../toolchain/official.ts";
import { Official, officialOf, type Choice } from "./official.ts";
import {
  appImage,
  CLUSTER,
  clusterImages,
  OWN,
  programsOf,
  type ClusterBinaries,
  type ClusterImage,
  type Programs,
  type Published,
} from "./recipes.ts";
import type { WantedImages } from "./wanted.ts";

/** What the toolchain makes for images. */
export interface ImagePrograms {
  /** Undefined where none of the cluster's images is built. */
  readonly cluster: ClusterBinaries | undefined;
  readonly programs: Programs;
}

/** What the toolchain has to make for images that are built. */
export interface ImageNeeds {
  readonly programs: readonly Program[];
  /** Whether one of the cluster's own images is made around a program of the K3s stand-in's. */
  readonly cluster: boolean;
}

/** An image of the lab. */
export interface LabImage {
  readonly name: string;
  /** The setting that names it by digest. */
  readonly setting?: { readonly section: string; readonly key: string };
  /** The tag that machines ask for, of images that no setting names. */
  readonly tag?: string;
  /** Whether it holds a program of the toolchain's. */
  readonly holds: boolean;
  /** May still be in the making. */
  readonly choice: Promise<Choice>;
  /** How it is built; undefined where the lab cannot do so. */
  readonly recipe: ((made: ImagePrograms) => Published) | undefined;
}

/** Images and what is needed for them. */
export interface ImageSources {
  readonly official: Official;
  readonly images: readonly LabImage[];
  /** Known before all choices are: of most images it is clear at once. */
  readonly needs: Promise<ImageNeeds>;
}

/** What choices depend on besides the stack; defaults: this checkout, this computer and its environment. */
export interface Place {
  readonly options?: OfficialOptions;
  readonly lock?: ToolchainLock;
  /** The store's folder. */
  readonly store?: string;
}

const k3s = z.object({ mirrors: z.record(z.string(), z.array(z.string())) });

/**
 * Decides for the images that a stack uses, and for those that K3s asks for.
 *
 * @param settings values of the stack by full key
 * @throws LabError when ARTIFACTS names no folder
 */
export function chooseImages(
  wanted: WantedImages,
  settings: Readonly<Record<string, unknown>>,
  { options = officialOptions(), lock = readToolchainLock(), store }: Place = {},
): ImageSources {
  // Settings that are wrong are told by the program, all at once.
  const mirrors = k3s.safeParse(settings["fogline:k3s"]).data?.mirrors ?? {};
  const at = store === undefined ? {} : { store };
  const official = new Official({ arch: hostArch(), options, mirrors, ...at });
  const choose = (ref: ImageRef | undefined): Promise<Choice> => quietly(official.choose(ref));
  const apps = wanted.images.map(({ section, key, image }) => ({
    name: image.name,
    setting: { section, key },
    programs: programsOf(image),
    holds: programsOf(image).length > 0,
    choice: choose(officialOf(image, lock)),
    recipe: ({ programs }: ImagePrograms) => appImage(image, programs),
  }));
  const published = wanted.published.map(({ section, key, reference }) => ({
    name: parseRef(reference)?.repository.split("/").at(-1) ?? reference,
    setting: { section, key },
    holds: false,
    choice: choose(parseRef(reference)),
    recipe: undefined,
  }));
  const cluster = (Object.keys(CLUSTER) as ClusterImage[]).map((name) => ({
    name,
    tag: CLUSTER[name].tag,
    holds: name !== OWN.busybox.name,
    choice: choose(lock.images[name]),
    recipe: ({ cluster: binaries }: ImagePrograms) => clusterImage(name, binaries),
  }));
  const images = [...apps, ...published, ...cluster];
  return { official, images, needs: quietly(needsOf(apps, cluster)) };
}

/** What those images hold that are built. */
async function needsOf(
  apps: readonly (LabImage & { readonly programs: readonly Program[] })[],
  cluster: readonly LabImage[],
): Promise<ImageNeeds> {
  const [ofApps, ofCluster] = await Promise.all([
    builtOf(apps.filter(({ holds }) => holds)),
    builtOf(cluster.filter(({ holds }) => holds)),
  ]);
  return { programs: ofApps.flatMap(({ programs }) => programs), cluster: ofCluster.length > 0 };
}

/** A promise whose failure is met where it is awaited; until then it must not end the process. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Those of some images that are built. */
async function builtOf<T extends Pick<LabImage, "choice">>(images: readonly T[]): Promise<T[]> {
  const choices = await Promise.all(images.map(({ choice }) => choice));
  return images.filter((_, n) => choices[n]?.source === "built");
}

function clusterImage(name: ClusterImage, binaries: ClusterBinaries | undefined): Published {
  if (name === OWN.busybox.name) {
    return OWN.busybox;
  }
  if (binaries === undefined) {
    throw new Error(`the program of ${name} was not made`);
  }
  return clusterImages(binaries)[name];
}
