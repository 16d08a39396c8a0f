/** What an image is built from: the files of its context, and a key of all that it is made of. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

import type { Arch } from "../../components/machine.ts";
import type { AppImage, ContextPart } from "../images.ts";
import type { BuildOrder, ContextFile } from "./build/order.ts";

/** Top of the checkout. */
const PROJECT = join(import.meta.dirname, "../..");

/** Raised when images are built or sent in another way, so that those of before do not count. */
const EDITION = 1;

/** What an image stands upon, and for which nodes it is. */
export interface BuildSettings {
  /** References by base. */
  readonly bases: Readonly<Record<string, string>>;
  readonly archs: readonly Arch[];
}

/**
 * What the operator's computer is to build. The same in every checkout of the same sources.
 *
 * @throws Error when the image is not made of this checkout's files alone
 */
export function orderOf(image: AppImage, { bases, archs }: BuildSettings): BuildOrder {
  const { name } = image;
  const context = image.context.flatMap((part) => filesOf(name, part));
  const args = Object.fromEntries(
    Object.entries(image.bases ?? {}).map(([arg, base]) => [arg, bases[base] ?? ""]),
  );
  const contents = context.map(({ from, to, executable }) => {
    const sum = createHash("sha256")
      .update(readFileSync(join(PROJECT, from)))
      .digest("hex");
    return [to, executable, sum];
  });
  const all = JSON.stringify([EDITION, contents, Object.entries(args).sort(), [...archs].sort()]);
  const key = createHash("sha256").update(all).digest("hex").slice(0, 32);
  return { name, key, archs, args, context };
}

function filesOf(image: string, part: ContextPart): ContextFile[] {
  if ("program" in part) {
    throw new Error(
      `the image ${image} holds a program that the lab makes: name a published image`,
    );
  }
  if ("file" in part) {
    return [fileOf(part.file, part.to)];
  }
  return readdirSync(part.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(part.folder, join(entry.parentPath, entry.name)))
    .filter((path) => !part.except.test(path))
    .sort()
    .map((path) => fileOf(join(part.folder, path), join(part.to, path)));
}

function fileOf(file: string, to: string): ContextFile {
  const executable = (statSync(file).mode & 0o100) !== 0;
  return { from: relative(PROJECT, file), to, executable };
}
