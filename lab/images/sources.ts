/** What an image is built from: each part knows what it is before it is fetched. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { replaceFile } from "../files.ts";
import { CACHE } from "../layout.ts";
import { LabError } from "../progress.ts";
import { sha256File } from "../toolchain/cache.ts";
import { aptOptions, debianSources } from "./host.ts";
import { run } from "./run.ts";

/** One part of a build context. */
export interface Source {
  /** Differs when the content does; known without fetching anything. */
  identity(): Promise<string>;
  /** Puts the content into the folder of a build. */
  stage(folder: string): Promise<void>;
}

/** A Debian root file system, as mmdebstrap is asked for it. */
export interface RootSpec {
  readonly suite: string;
  /** `extract` unpacks the packages and what they depend on, and nothing else. */
  readonly variant: "minbase" | "extract";
  readonly packages: readonly string[];
}

/** Documentation and translations: nobody reads them inside a container. */
const LEFT_OUT = ["doc", "doc-base", "info", "locale", "man", "lintian", "linda"];

/** One file. */
export function file(from: string, to: string): Source {
  return {
    identity: async () => `${to} ${await sha256(from)}`,
    stage: async (folder) => {
      await mkdir(dirname(join(folder, to)), { recursive: true });
      await copyFile(from, join(folder, to));
    },
  };
}

/** The files below a folder that `wanted` says yes to, by their path inside it. */
export function folder(from: string, to: string, wanted: (path: string) => boolean): Source {
  const files = async (): Promise<readonly Source[]> => {
    const entries = await readdir(from, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(from.length + 1))
      .filter(wanted)
      .sort()
      .map((path) => file(join(from, path), join(to, path)));
  };
  return {
    identity: async () =>
      (await Promise.all((await files()).map((each) => each.identity()))).join("\n"),
    stage: async (target) => {
      for (const each of await files()) {
        await each.stage(target);
      }
    },
  };
}

/** A package from the npm registry, as its tarball. */
export function npmPackage(
  wanted: { readonly name: string; readonly version: string; readonly integrity: string },
  to: string,
): Source {
  return {
    identity: () => Promise.resolve(`${to} ${wanted.integrity}`),
    stage: async (folder) => {
      const spec = `${wanted.name}@${wanted.version}`;
      const packed = await run(spec, "fetching it from the npm registry", "npm", [
        "pack",
        "--silent",
        `--pack-destination=${folder}`,
        spec,
      ]);
      const tarball = join(folder, packed.trim().split("\n").at(-1) ?? "");
      const sum = createHash("sha512")
        .update(await readFile(tarball))
        .digest("base64");
      if (`sha512-${sum}` !== wanted.integrity) {
        throw new LabError(spec, "checking its sum", `got sha512-${sum}`, "npm cache verify");
      }
      await rename(tarball, join(folder, to));
    },
  };
}

/** A root file system made by mmdebstrap, kept in the cache. */
export function rootTar(spec: RootSpec, to: string): Source {
  return {
    identity: () => Promise.resolve(`${to} ${JSON.stringify([spec, LEFT_OUT])}`),
    stage: async (folder) => {
      await copyFile(await ensureRootTar(spec), join(folder, to));
    },
  };
}

/** The text of `sources.list` that a build upon this root installs packages with. */
export async function sourcesList(spec: RootSpec): Promise<string> {
  const lines = await debianSources(spec.suite);
  if (lines.length > 0) {
    return `${lines.join("\n")}\n`;
  }
  return readFile(`${await ensureRootTar(spec)}.sources`, "utf8");
}

async function ensureRootTar(spec: RootSpec): Promise<string> {
  const key = createHash("sha256")
    .update(JSON.stringify([spec, LEFT_OUT]))
    .digest("hex");
  const roots = join(CACHE, "images", "roots");
  const tar = join(roots, `${spec.suite}-${spec.variant}-${key.slice(0, 16)}.tar`);
  if (existsSync(tar)) {
    return tar;
  }
  await mkdir(roots, { recursive: true });
  const work = await mkdtemp(join(roots, "making-"));
  try {
    // With nothing configured there is nothing to customize: that hook is not run.
    const hook = spec.variant === "extract" ? "--extract-hook" : "--customize-hook";
    const made = join(work, "root.tar");
    const sources = join(work, "sources");
    await aptOptions(join(work, "apt.conf"));
    await run(
      `Debian ${spec.suite}`,
      `making the root file system (${spec.variant})`,
      "mmdebstrap",
      [
        `--variant=${spec.variant}`,
        ...(spec.packages.length > 0 ? [`--include=${spec.packages.join(",")}`] : []),
        `--aptopt=${join(work, "apt.conf")}`,
        ...LEFT_OUT.map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
        // Where the packages came from is this computer's matter, not the image's.
        `${hook}=cp "$1"/etc/apt/sources.list '${sources}'`,
        `${hook}=rm "$1"/etc/apt/apt.conf.d/99mmdebstrap && : >"$1"/etc/apt/sources.list`,
        spec.suite,
        made,
        ...(await debianSources(spec.suite)),
      ],
      { SOURCE_DATE_EPOCH: "0" },
    );
    await rename(sources, `${tar}.sources`);
    await rename(made, tar);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return tar;
}

/** Bytes from which a file's sum is remembered: reading the tools anew takes a second of every `up`. */
const LARGE = 1_000_000n;

async function sha256(path: string): Promise<string> {
  const { size, mtimeNs, ino } = await stat(path, { bigint: true });
  if (size < LARGE) {
    return sha256File(path);
  }
  const version = createHash("sha256").update([path, size, mtimeNs, ino].join("\0")).digest("hex");
  const known = join(CACHE, "images", "sums", version);
  if (!existsSync(known)) {
    replaceFile(known, await sha256File(path));
  }
  return readFile(known, "utf8");
}
