/** The lab's container images: copied or built where they are missing, held by the registry's store. */
import { LabError, type Say } from "../progress.ts";
import { withDigest } from "../toolchain/image-registry.ts";
import { hostArch } from "../toolchain/lock.ts";
import { Builder, withWorkFolder } from "./builder.ts";
import type { ImagePrograms, ImageSources, LabImage } from "./choices.ts";
import { copyImage, repositoryAt, tagAlso, tagOf } from "./copy.ts";
import { keyOf } from "./keys.ts";
import type { Choice } from "./official.ts";
import type { Published } from "./recipes.ts";
import { withWritableRegistry } from "./registry.ts";
import type { ImageLine } from "./report.ts";
import { digestOf } from "./store.ts";

/** Images by registry, repository and digest, by the section and key of their setting. */
export type ImageRefs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Images that are in place. */
export interface Images {
  readonly refs: ImageRefs;
  readonly report: readonly ImageLine[];
}

/** Runs work under a name, with its time shown. */
export type Phase = <T>(name: string, work: (say: Say) => Promise<T>) => Promise<T>;

/** An image whose choice has been made. */
type Decided<C extends Choice["source"]> = Omit<LabImage, "choice"> & {
  readonly choice: Extract<Choice, { source: C }>;
};

/** An image that is built, once it is known of what. */
interface Built {
  readonly wanted: Decided<"built">;
  readonly image: Published;
}

/** What images are built with that hold no program. */
const NOTHING: ImagePrograms = { cluster: undefined, programs: {} };

/**
 * Makes sure that the registry's store holds the cluster's images and those that are wanted. What is
 * there is neither copied nor built again: an official image is asked for by its pin, one that is built by a
 * key of all that it is made of.
 *
 * @param made may still be in the making: official images, and those that hold no program, come meanwhile
 * @param phase shows the time of each image
 * @param say reports what is waited for
 * @throws LabError for an image that can neither be copied nor built
 */
export async function ensureImages(
  sources: ImageSources,
  made: ImagePrograms | Promise<ImagePrograms>,
  phase: Phase,
  say: Say,
): Promise<Images> {
  const awaited = Promise.resolve(made);
  // Its failure is met below, where it is awaited; until then it must not end the process.
  awaited.catch(() => undefined);
  say("the registries of official images");
  const official: Decided<"official">[] = [];
  const others: Decided<"built">[] = [];
  for (const { choice: awaitedChoice, ...image } of sources.images) {
    const choice = await awaitedChoice;
    if (choice.source === "official") {
      official.push({ ...image, choice });
    } else {
      others.push({ ...image, choice });
    }
  }
  const alone = recipesOf(others, false, NOTHING);
  await copyMissing(sources, official, phase, say);
  await publishMissing(alone, phase, say);
  say("the toolchain, whose programs the other images hold");
  const holding = recipesOf(others, true, await awaited);
  await publishMissing(holding, phase, say);
  return named([
    ...official.map((wanted) => ({ wanted, line: officialLine(wanted) })),
    ...(await Promise.all([...alone, ...holding].map(builtLine))),
  ]);
}

/**
 * How images are built: those that hold programs, or the others.
 *
 * @throws LabError for one that nobody but its makers can build
 */
function recipesOf(
  images: readonly Decided<"built">[],
  holds: boolean,
  made: ImagePrograms,
): Built[] {
  return images
    .filter((image) => image.holds === holds)
    .map((wanted) => {
      if (wanted.recipe === undefined) {
        const { section = "", key = "" } = wanted.setting ?? {};
        throw new LabError(
          "images",
          `fetching ${wanted.name}`,
          `fogline:${section}.${key} needs it, and the lab cannot build it; ${wanted.choice.reason}`,
          `run the lab where that registry can be reached, or without fogline:${section} in the lab's stack file`,
        );
      }
      return { wanted, image: wanted.recipe(made) };
    });
}

async function copyMissing(
  { official: { registries } }: ImageSources,
  images: readonly Decided<"official">[],
  phase: Phase,
  say: Say,
): Promise<void> {
  const isMissing = ({ choice, tag }: Decided<"official">): boolean =>
    choice.remote !== undefined ||
    (tag !== undefined && digestOf(choice.ref.repository, tag) !== choice.digest);
  const missing = images.filter(isMissing);
  if (missing.length === 0) {
    return;
  }
  await withWorkFolder((folder) =>
    withWritableRegistry(folder, async (address) => {
      for (const { name, choice, tag } of missing) {
        const { ref, remote } = choice;
        const pin = tagOf(ref, hostArch());
        say(`image ${name}`);
        await phase(`image ${name}`, async (tell) => {
          if (remote !== undefined) {
            const tags = tag === undefined ? [pin] : [pin, tag];
            const target = repositoryAt(address, ref.repository);
            await copyImage(registries, remote, target, { tags, folder, say: tell });
          } else if (tag !== undefined) {
            await tagAlso(address, ref.repository, pin, tag);
          }
        });
      }
    }),
  );
}

async function publishMissing(images: readonly Built[], phase: Phase, say: Say): Promise<void> {
  const missing: Published[] = [];
  for (const { image } of images) {
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
    await tagAlso(address, image.repository, key, image.tag);
  }
}

/** What is reported of an image, and the setting that names it. */
interface Reported {
  readonly wanted: Pick<LabImage, "setting">;
  readonly line: ImageLine;
}

/** @throws LabError when the store does not hold what was copied into it */
function officialLine({ name, choice: { ref, digest } }: Decided<"official">): ImageLine {
  if (digestOf(ref.repository, tagOf(ref, hostArch())) !== digest) {
    throw lost(name);
  }
  return {
    image: name,
    source: "official",
    version: ref.tag ?? "",
    reference: withDigest(ref, digest),
    pinned: ref.digest,
  };
}

async function builtLine({ wanted, image }: Built): Promise<Reported> {
  const digest = digestOf(image.repository, await keyOf(image));
  if (digest === undefined) {
    throw lost(image.name);
  }
  const reference = `docker.io/${image.repository}@${digest}`;
  const { reason } = wanted.choice;
  return { wanted, line: { image: image.name, source: "built", reference, reason } };
}

function lost(name: string): LabError {
  return new LabError("images", `looking up ${name}`, "the store lost it", "make up");
}

function named(images: readonly Reported[]): Images {
  const refs: Record<string, Record<string, string>> = {};
  for (const { wanted, line } of images) {
    if (wanted.setting !== undefined) {
      const { section, key } = wanted.setting;
      refs[section] = { ...refs[section], [key]: line.reference };
    }
  }
  return { refs, report: images.map(({ line }) => line) };
}
