/** Official files: brought by the user (ARTIFACTS) or downloaded; always checked against our sums. */
import { createWriteStream, existsSync } from "node:fs";
import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

import { execa } from "execa";

import { LabError, type Say } from "../progress.ts";
import { sha256File } from "./cache.ts";
import { officialFile, type Arch, type Part } from "./lock.ts";

/** How long an unreachable download host may hold up the start, in milliseconds. */
const PROBE = 3000;

/** Where an official file is to be had, or why it is not. */
export type Found =
  | { readonly source: "artifacts"; readonly path: string; readonly sha256: string }
  | { readonly source: "official"; readonly url: string; readonly sha256: string }
  | { readonly source: undefined; readonly reason: string };

/** What the user allows and brings. */
export interface OfficialOptions {
  /** Folder with official files; setting `ARTIFACTS`. */
  readonly artifacts?: string | undefined;
  /** Never try the internet; setting `FOGLINE_OFFLINE=1`. */
  readonly offline: boolean;
}

/**
 * The options as the environment gives them.
 *
 * @throws LabError when ARTIFACTS names no folder
 */
export function officialOptions(env: NodeJS.ProcessEnv = process.env): OfficialOptions {
  const artifacts = env["ARTIFACTS"] === "" ? undefined : env["ARTIFACTS"];
  if (artifacts !== undefined && !existsSync(artifacts)) {
    throw new LabError(
      "toolchain",
      "reading ARTIFACTS",
      `there is no folder ${artifacts}`,
      "name the folder that holds the official files, or leave ARTIFACTS out",
    );
  }
  return {
    artifacts,
    offline: (env["FOGLINE_OFFLINE"] ?? "") !== "",
  };
}

/**
 * Looks for a part's official file: with the user first, then at its maker's.
 *
 * @throws LabError when the user brings a file that cannot be checked
 */
export async function findOfficial(
  name: string,
  part: Part,
  arch: Arch,
  options: OfficialOptions,
): Promise<Found> {
  const release = part.official?.[arch];
  if (release === undefined) {
    return { source: undefined, reason: "the lab has its own in every case" };
  }
  const { url, sha256 } = release;
  if (options.artifacts !== undefined) {
    const path = join(options.artifacts, officialFile(url));
    if (existsSync(path)) {
      if (sha256 === undefined) {
        throw new LabError(
          "toolchain",
          `checking ${path}`,
          `lab/toolchain/lock.yaml holds no SHA-256 for ${name} on ${arch}, so the file cannot be checked`,
          `add parts.${name}.official.${arch}.sha256 from the release's checksum file, or take the file out of ARTIFACTS`,
        );
      }
      return { source: "artifacts", path, sha256 };
    }
  }
  if (sha256 === undefined) {
    return { source: undefined, reason: "the lock holds no SHA-256 of the official file" };
  }
  if (options.offline) {
    return { source: undefined, reason: "FOGLINE_OFFLINE is set" };
  }
  try {
    const answer = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(PROBE) });
    return answer.ok
      ? { source: "official", url, sha256 }
      : { source: undefined, reason: `${new URL(url).host} answers ${answer.status}` };
  } catch {
    return { source: undefined, reason: `${new URL(url).host} cannot be reached` };
  }
}

/**
 * Installs an official file that was found as `<folder>/<name>`, executable.
 *
 * @throws LabError when its sum is wrong; nothing is installed then
 */
export async function installOfficial(
  name: string,
  part: Part,
  found: Exclude<Found, { source: undefined }>,
  folder: string,
  say: Say,
): Promise<void> {
  let file: string;
  if (found.source === "artifacts") {
    file = found.path;
  } else {
    file = join(folder, `.${officialFile(found.url)}`);
    await download(found.url, file, say);
  }
  say(`checking ${file}`);
  await checkSum(file, found.sha256);
  await unpack(file, part.official?.executable, folder, name);
  if (found.source === "official") {
    await rm(file);
  }
}

/**
 * Refuses a file whose sum is not the expected one.
 *
 * @throws LabError naming file, expected and actual sum
 */
export async function checkSum(path: string, expected: string): Promise<void> {
  const actual = await sha256File(path);
  if (actual !== expected) {
    throw new LabError(
      "toolchain",
      `checking ${path}`,
      `SHA-256 expected ${expected}\n        actual   ${actual}`,
      "fetch the file again; if the sum stays, do not use it",
    );
  }
}

async function download(url: string, path: string, say: Say): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) {
    throw new LabError(
      "toolchain",
      `downloading ${url}`,
      `the server answers ${response.status}`,
      "try again, bring the file with ARTIFACTS=folder, or set FOGLINE_OFFLINE=1",
    );
  }
  const total = Number(response.headers.get("content-length") ?? 0);
  let received = 0;
  await pipeline(
    Readable.fromWeb(response.body as ReadableStream),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        received += chunk.length;
        say(`${officialFile(url)}: ${megabytes(received)} of ${megabytes(total)}`);
        yield chunk;
      }
    },
    createWriteStream(path),
  );
}

async function unpack(
  file: string,
  executable: string | undefined,
  folder: string,
  name: string,
): Promise<void> {
  const target = join(folder, name);
  if (executable === undefined) {
    await copyFile(file, target);
  } else {
    const scratch = join(folder, ".unpacked");
    await mkdir(scratch, { recursive: true });
    await execa("tar", ["-xzf", file, "-C", scratch, "--no-same-owner"]);
    // What stands beside the program in the archive belongs to it (the CLI's language hosts).
    await execa("cp", ["-R", `${dirname(join(scratch, executable))}/.`, folder]);
    await rm(scratch, { recursive: true });
  }
  await chmod(target, 0o755);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
