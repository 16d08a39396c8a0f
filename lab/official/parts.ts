/** Official parts in a folder that the user brings: programs, or archives as their makers publish them. */
import { mkdir, mkdtemp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";

import { sha256File } from "../toolchain/cache.ts";
import { hostArch, officialFile, readToolchainLock } from "../toolchain/lock.ts";
import type { PartName } from "./behaviour.ts";

/** An official part, or why there is none. */
export type Found =
  | { readonly path: string; readonly file: string; readonly sha256: string }
  | { readonly path: undefined; readonly reason: string };

/** Name of each part's program. */
const PROGRAMS: Readonly<Record<PartName, string>> = {
  command: "pulumi-resource-command",
  kubernetes: "pulumi-resource-kubernetes",
  random: "pulumi-resource-random",
  netmaker: "netmaker",
};

/** What every compiled program on Linux begins with. */
const ELF = "\u007fELF";
/** Path that the lab's own Go programs carry in their build information. */
const OWN_MODULES = "fogline/lab/";

/**
 * Finds a part: the program itself, with or without its maker's suffix (`netmaker-linux-amd64`), or
 * the archive of any version.
 *
 * @param work folder for what is unpacked
 * @throws Error when a file has another sum than lab/toolchain/lock.yaml demands of its name, or
 *   several files claim to be the part
 */
export async function findPart(part: PartName, folder: string, work: string): Promise<Found> {
  const program = PROGRAMS[part];
  const arch = hostArch();
  const plain = [program, `${program}-linux-${arch}`];
  const archive = new RegExp(`^${program}-v[\\w.+-]+-linux-${arch}\\.tar\\.gz$`);
  const files = (await readdir(folder)).filter(
    (name) => plain.includes(name) || archive.test(name),
  );
  const [file, ...more] = files;
  if (file === undefined) {
    return { path: undefined, reason: `no official ${part} in ARTIFACTS` };
  }
  if (more.length > 0) {
    throw new Error(`ARTIFACTS has ${files.join(" and ")}: leave one of them there`);
  }
  const given = join(folder, file);
  await checkSum(file, given);
  const path = plain.includes(file) ? given : await unpack(given, program, work);
  // Trying a stand-in would prove nothing about the official part.
  const content = await readFile(path);
  if (content.toString("latin1", 0, ELF.length) !== ELF) {
    return { path: undefined, reason: `${file} in ARTIFACTS is no compiled program` };
  }
  return content.includes(OWN_MODULES)
    ? { path: undefined, reason: `${file} in ARTIFACTS is this project's stand-in` }
    : { path, file, sha256: await sha256File(path) };
}

async function unpack(archive: string, program: string, work: string): Promise<string> {
  await mkdir(work, { recursive: true });
  const target = await mkdtemp(join(work, `${program}-`));
  await execa("tar", ["-xzf", archive, "-C", target, program]);
  return join(target, program);
}

/** A file whose sum is known must have it; other versions have none. */
async function checkSum(file: string, path: string): Promise<void> {
  const releases = Object.values(readToolchainLock().parts).flatMap(({ official }) => [
    official?.amd64,
    official?.arm64,
  ]);
  const known = releases.find((release) => release && officialFile(release.url) === file)?.sha256;
  const sum = await sha256File(path);
  if (known !== undefined && sum !== known) {
    throw new Error(`${path} has the SHA-256 ${sum}, lab/toolchain/lock.yaml says ${known}`);
  }
}
