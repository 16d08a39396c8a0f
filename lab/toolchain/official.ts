/** Official files: brought by the user (ARTIFACTS) or downloaded; always checked against our sums. */
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { execa } from "execa";

import { LabError, type Say } from "../progress.ts";
import { cached, inCache, sha256File, type Entry } from "./cache.ts";
import { officialFile, type Arch, type Part } from "./lock.ts";
import { reportLine, type ReportLine } from "./report.ts";
import { Web, WebError, type Fetch } from "./web.ts";

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
  /** Sends requests; default: Node's own. */
  readonly fetch?: Fetch;
}

/** A part that is in place, and what is reported of it. */
export interface Made {
  readonly entry: Entry;
  readonly line: ReportLine;
}

/** A part whose official file is wanted. */
export interface Official {
  readonly name: string;
  readonly part: Part;
  readonly arch: Arch;
  readonly options: OfficialOptions;
  readonly say: Say;
  /** The program's path inside its folder; default: the part's name. */
  readonly executable?: string;
  /** What else is made of it, in the same folder. */
  readonly after?: (folder: string) => Promise<void>;
  /** Folder of the cache; default: the computer's. */
  readonly cache?: string;
}

/**
 * A part from its official file: from the cache, from the user or from its maker.
 *
 * @returns the part, or why its official file is not to be had
 * @throws LabError when a file that is there cannot be checked or has another sum, or a download breaks off
 */
export async function officialPart(wanted: Official): Promise<Made | { readonly reason: string }> {
  const { name, part, arch, options, say, executable = name, after, cache } = wanted;
  const release = part.official?.[arch];
  const inputs = ["official", release?.url ?? "", release?.sha256 ?? ""];
  let entry = await inCache(`${name}-official`, inputs, cache);
  if (entry === undefined) {
    const found = await findOfficial(name, part, arch, options);
    if (found.source === undefined) {
      return { reason: found.reason };
    }
    const make = async (folder: string): Promise<string> => {
      const target = dirname(join(folder, executable));
      await mkdir(target, { recursive: true });
      await installOfficial(name, part, found, target, say, options.fetch);
      await after?.(folder);
      return found.source;
    };
    entry = await cached(`${name}-official`, inputs, make, cache);
  }
  return { entry, line: reportLine(name, part, entry, executable) };
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
          `make pin, which writes parts.${name}.official.${arch}.sha256, or take the file out of ARTIFACTS`,
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
  const reason = await whyNot(url, options);
  return reason === undefined ? { source: "official", url, sha256 } : { source: undefined, reason };
}

/** Hosts that could not be reached, for each set of options: parts do not wait for one host one by one. */
const hosts = new WeakMap<OfficialOptions, Map<string, Promise<boolean>>>();

/** Why a file is not to be had from its maker; undefined when it is. */
async function whyNot(url: string, options: OfficialOptions): Promise<string | undefined> {
  const { host } = new URL(url);
  const known = hosts.get(options) ?? new Map<string, Promise<boolean>>();
  hosts.set(options, known);
  const unreachable = `${host} cannot be reached`;
  if ((await known.get(host)) === false) {
    return unreachable;
  }
  const fetch: Fetch = options.fetch ?? globalThis.fetch;
  const probe = fetch(url, { method: "HEAD", signal: AbortSignal.timeout(PROBE) });
  // Whatever it answers, it is there.
  known.set(
    host,
    probe.then(
      () => true,
      () => false,
    ),
  );
  try {
    const { ok, status } = await probe;
    return ok ? undefined : `${host} answers ${status}`;
  } catch {
    return unreachable;
  }
}

/**
 * Installs an official file that was found as `<folder>/<name>`, executable.
 *
 * @throws LabError when its sum is wrong or the download breaks off; nothing is installed then
 */
export async function installOfficial(
  name: string,
  part: Part,
  found: Exclude<Found, { source: undefined }>,
  folder: string,
  say: Say,
  fetch?: Fetch,
): Promise<void> {
  let file: string;
  if (found.source === "artifacts") {
    file = found.path;
  } else {
    file = join(folder, `.${officialFile(found.url)}`);
    await download(found.url, file, say, fetch);
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

async function download(url: string, path: string, say: Say, fetch?: Fetch): Promise<void> {
  const file = await open(path, "w");
  let received = 0;
  try {
    await new Web(fetch).download(url, async (chunk, total) => {
      received += chunk.length;
      const all = total === undefined ? "" : ` of ${megabytes(total)}`;
      say(`${officialFile(url)}: ${megabytes(received)}${all}`);
      await file.appendFile(chunk);
    });
  } catch (error) {
    if (!(error instanceof WebError)) {
      throw error;
    }
    throw new LabError(
      "toolchain",
      `downloading ${url}`,
      error.problem,
      "try again, bring the file with ARTIFACTS=folder, or set FOGLINE_OFFLINE=1",
    );
  } finally {
    await file.close();
  }
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
