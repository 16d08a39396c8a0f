/** buildah: builds images from ordinary Dockerfiles and pushes them. */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { execa } from "execa";

import type { BaseName } from "../../apps/images.ts";
import { CACHE } from "../layout.ts";
import type { Mount } from "./host.ts";
import { registryMounts } from "./host.ts";
import { BASES, DEBIAN, type Recipe } from "./recipes.ts";
import { keyOf } from "./keys.ts";
import { run } from "./run.ts";
import { sourcesList } from "./sources.ts";

/** Runs `use` with a folder for its passing files, beside the images of this computer. */
export async function withWorkFolder<T>(use: (work: string) => Promise<T>): Promise<T> {
  const images = join(CACHE, "images");
  await mkdir(images, { recursive: true });
  // What a killed run left behind; the lab lets only one command at a time work on this computer.
  for (const name of await readdir(images)) {
    if (name.startsWith("building-")) {
      await rm(join(images, name), { recursive: true, force: true });
    }
  }
  const work = await mkdtemp(join(images, "building-"));
  try {
    return await use(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Builds images in a storage of the lab's own, apart from whatever else is on the computer. */
export class Builder {
  private mounts: readonly Mount[] | undefined;

  /** @param work folder for its passing files; {@link Builder.with} makes one and removes it */
  constructor(
    private readonly work: string,
    /** Options of buildah that name the storage. */
    readonly storage: readonly string[],
  ) {}

  /**
   * Runs `use` with a builder, and cleans up after it.
   *
   * @param use is also given a folder for its own passing files
   */
  static async with<T>(use: (builder: Builder, work: string) => Promise<T>): Promise<T> {
    return withWorkFolder(async (work) =>
      use(new Builder(work, await storageOptions(dirname(work))), work),
    );
  }

  /** Builds an image and, where they are missing, its bases; returns its local name. */
  async build(recipe: Recipe, say: (text: string) => void): Promise<string> {
    const bases: string[] = [];
    for (const [argument, name] of Object.entries(recipe.bases)) {
      bases.push(`--build-arg=${argument}=${await this.ensureBase(BASES[name], say)}`);
    }
    say(`building ${recipe.name}`);
    const image = `localhost/fogline/${recipe.name}:${await keyOf(recipe)}`;
    const context = await mkdtemp(join(this.work, "context-"));
    for (const source of recipe.context) {
      await source.stage(context);
    }
    this.mounts ??= await registryMounts(this.work, await sourcesList(DEBIAN));
    await this.buildah(recipe.name, "building the image", [
      "bud",
      "--isolation=chroot",
      "--pull-never",
      // The same content then gives the same digest.
      "--timestamp=0",
      ...this.mounts.map(([from, to]) => `--volume=${from}:${to}:ro`),
      ...bases,
      `--tag=${image}`,
      context,
    ]);
    await rm(context, { recursive: true });
    return image;
  }

  /** Builds a base where it is missing; returns its local name by digest. */
  async base(name: BaseName, say: (text: string) => void): Promise<string> {
    const image = await this.ensureBase(BASES[name], say);
    const digest = await digestIn(this.storage, image);
    return `${image.replace(/:[^:]*$/, "")}@${digest}`;
  }

  /**
   * An official base by its digest, as it is here or as a registry has it; returns its local name by digest.
   *
   * @param fetch is called where it is missing, and calls `take` with its name in a registry without TLS
   */
  async official(
    name: BaseName,
    digest: string,
    fetch: (take: (source: string) => Promise<void>) => Promise<void>,
  ): Promise<string> {
    const repository = `localhost/fogline/official-${name}`;
    const image = `${repository}:${digest.replace(":", "-")}`;
    if (!(await this.has(image))) {
      await fetch(async (source) => {
        const step = "taking over the base";
        await this.buildah(name, step, ["pull", "--tls-verify=false", `docker://${source}`]);
        await this.buildah(name, step, ["tag", source, image]);
      });
    }
    return `${repository}@${digest}`;
  }

  /** Pushes an image to a registry without TLS. */
  async push(image: string, target: string): Promise<void> {
    await this.buildah(image, "pushing the image", [
      "push",
      "--tls-verify=false",
      image,
      `docker://${target}`,
    ]);
  }

  /** Forgets an image that was pushed; the bases stay for the next build. */
  async forget(image: string): Promise<void> {
    await this.buildah(image, "removing the local copy", ["rmi", image]);
  }

  private async ensureBase(recipe: Recipe, say: (text: string) => void): Promise<string> {
    const image = `localhost/fogline/${recipe.name}:${await keyOf(recipe)}`;
    return (await this.has(image)) ? image : this.build(recipe, say);
  }

  private async has(image: string): Promise<boolean> {
    const args = [...this.storage, "inspect", "--type=image", image];
    return !(await execa("buildah", args, { reject: false })).failed;
  }

  private buildah(image: string, step: string, args: readonly string[]): Promise<string> {
    const [command = "", ...rest] = args;
    return run(`image ${image}`, step, "buildah", [...this.storage, command, ...rest], {
      // The Dockerfiles' own choice: nothing of this computer's language goes into an image.
      LC_ALL: "C.UTF-8",
    });
  }
}

/**
 * Digest of an image in a storage of buildah's.
 *
 * @param storage options that name the storage
 * @throws LabError when it is not there
 */
export async function digestIn(storage: readonly string[], image: string): Promise<string> {
  // Not by the list of images: it names one once for each tag, and two keys may stand for the same content.
  const args = ["inspect", "--type=image", "--format={{.FromImageDigest}}", image];
  return (
    await run(`image ${image}`, "reading its digest", "buildah", [...storage, ...args])
  ).trim();
}

/** Overlay where the file system can carry it, else plain copies. */
async function storageOptions(folder: string): Promise<readonly string[]> {
  const options = (driver: string): readonly string[] => [
    `--root=${join(folder, "storage")}`,
    `--runroot=${join(folder, "storage-run")}`,
    `--storage-driver=${driver}`,
  ];
  const probe = await execa("buildah", [...options("overlay"), "info"], { reject: false });
  return options(probe.failed ? "vfs" : "overlay");
}
