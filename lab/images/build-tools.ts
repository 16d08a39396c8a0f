/**
 * What the operator's laptop builds images with, where the program does so: a buildah that knows the
 * lab's bases, and a kubectl. The laptop's network has no way out. Builds use that of this computer, as
 * the lab's own do; what they make is sent from the laptop.
 */
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { AppImage, BaseName } from "../../apps/images.ts";
import { quote } from "../../components/remote/render.ts";
import { BUILD_TOOLS } from "../layout.ts";
import type { Say } from "../progress.ts";
import { ensureBases } from "./bases.ts";
import { Builder } from "./builder.ts";
import { registryMounts, type Mount } from "./host.ts";
import type { Official } from "./official.ts";
import { DEBIAN } from "./recipes.ts";
import type { ImageLine } from "./report.ts";
import { run } from "./run.ts";
import { sourcesList } from "./sources.ts";

/** Variable that names the network namespace of this computer, for the tools. */
export const OUTSIDE = "FOGLINE_OUTSIDE";

/** Programs and what the program's settings say of bases. */
export interface BuildTools {
  /** Folder that goes before all others in the laptop's PATH. */
  readonly folder: string;
  /** References by base. */
  readonly bases: Readonly<Partial<Record<BaseName, string>>>;
  /** Where the bases came from. */
  readonly report: readonly ImageLine[];
}

/**
 * Makes the tools and the bases that the images stand upon.
 *
 * @param kubectl absolute path
 * @param official says which bases are their makers' own
 */
export async function ensureBuildTools(
  images: readonly AppImage[],
  kubectl: string,
  official: Official,
  say: Say,
): Promise<BuildTools> {
  const folder = BUILD_TOOLS;
  await rm(folder, { recursive: true, force: true });
  const settings = join(folder, "settings");
  await mkdir(settings, { recursive: true, mode: 0o700 });
  const mounts = await registryMounts(settings, await sourcesList(DEBIAN));
  const names = [...new Set(images.flatMap(({ bases = {} }) => Object.values(bases)))];
  const { storage, bases } = await Builder.with(async (builder, work) => ({
    storage: builder.storage,
    bases: await ensureBases(names, { builder, work, official }, say),
  }));
  const found = await run("this computer", "looking for buildah", "sh", [
    "-c",
    "command -v buildah",
  ]);
  const buildah = join(folder, "buildah");
  await writeFile(buildah, wrapper(found.trim(), storage, mounts));
  await chmod(buildah, 0o755);
  await symlink(kubectl, join(folder, "kubectl"));
  return {
    folder,
    bases: Object.fromEntries(bases.map(({ name, line }) => [name, line.reference])),
    report: bases.map(({ line }) => line),
  };
}

/** A buildah with the lab's storage, on the network that `OUTSIDE` names. */
export function wrapper(
  buildah: string,
  storage: readonly string[],
  mounts: readonly Mount[],
): string {
  const words = (list: readonly string[]): string => list.map(quote).join(" ");
  const volumes = mounts.map(([from, to]) => `--volume=${from}:${to}:ro`);
  return `#!/usr/bin/env bash
set -euo pipefail
command=$1
shift
if [ "$command" = build ]; then
  set -- --isolation=chroot ${words(volumes)} "$@"
fi
exec nsenter --net="$${OUTSIDE}" ${words([buildah, ...storage])} "$command" "$@"
`;
}
