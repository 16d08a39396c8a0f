/**
 * How this computer reaches its package registries: handed to builds for as long as they run, so
 * that neither images nor this project name a mirror.
 */
import { existsSync, readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { execa } from "execa";

import { run } from "./run.ts";

/** A file or folder of this computer and where a build finds it. */
export type Mount = readonly [from: string, to: string];

/** Where Debian's certificates are, in the builds and on Debian hosts. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** apt's own settings that are about reaching a mirror; the rest is this computer's taste. */
const APT_SETTINGS = /^Acquire::(https?|ftp|Check-|Retries|ForceIPv|Queue-Mode)/i;

/**
 * Lines of `sources.list` for a Debian suite, from the mirrors that this computer uses; none when
 * it has no mirror of Debian's (mmdebstrap then knows a default).
 */
export async function debianSources(suite: string): Promise<readonly string[]> {
  const { stdout, failed } = await execa(
    "apt-get",
    ["indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)", "Created-By: Packages"],
    { reject: false },
  );
  return failed ? [] : sourcesFrom(stdout, suite);
}

/** The same from apt's answer: lines of origin, label and address, divided by bars. */
export function sourcesFrom(targets: string, suite: string): readonly string[] {
  const rows = targets.split("\n").map((line) => line.split("|"));
  const find = (wanted: string): string | undefined =>
    rows.find(([origin, label]) => origin === "Debian" && label === wanted)?.[2];
  const archive = find("Debian");
  if (archive === undefined) {
    return [];
  }
  const security = find("Debian-Security");
  return [
    `deb ${archive} ${suite} main`,
    `deb ${archive} ${suite}-updates main`,
    ...(security === undefined ? [] : [`deb ${security} ${suite}-security main`]),
  ];
}

/** Writes the part of apt's settings that is about reaching a mirror. */
export async function aptOptions(path: string): Promise<void> {
  const dump = await execa("apt-config", ["dump", "--format", '%F "%v";%n', "Acquire"], {
    reject: false,
  });
  const lines = dump.failed
    ? []
    : dump.stdout.split("\n").filter((line) => APT_SETTINGS.test(line));
  // A mirror that stumbles once does not fail an image.
  await writeFile(path, `${[...lines, 'Acquire::Retries "3";'].join("\n")}\n`);
}

/**
 * What builds get to see of this computer's configuration.
 *
 * @param folder receives the files; readable by root alone, as one may hold a login
 * @param sources the text of `sources.list`
 */
export async function registryMounts(folder: string, sources: string): Promise<readonly Mount[]> {
  const config = await npmConfig();
  const certificates = [config.get("cafile") ?? CERTIFICATES].filter((path) => existsSync(path));
  const mounts: Mount[] = [
    [join(folder, "sources.list"), "/etc/apt/sources.list"],
    [join(folder, "apt.conf"), "/etc/apt/apt.conf.d/99host"],
    [join(folder, "npmrc"), "/root/.npmrc"],
    ...certificates.map((path): Mount => [path, CERTIFICATES]),
  ];
  const logins = "/etc/apt/auth.conf.d";
  if (existsSync(logins) && readdirSync(logins).length > 0) {
    mounts.push([logins, logins]);
  }
  await writeFile(join(folder, "sources.list"), sources);
  await aptOptions(join(folder, "apt.conf"));
  await writeFile(join(folder, "npmrc"), await npmrc(config, certificates.length > 0), {
    mode: 0o600,
  });
  return mounts;
}

async function npmrc(
  config: ReadonlyMap<string, string>,
  withCertificates: boolean,
): Promise<string> {
  const lines = ["audit=false", "fund=false", "update-notifier=false"];
  for (const name of ["registry", "proxy", "https-proxy", "noproxy", "strict-ssl"]) {
    const value = config.get(name);
    if (value !== undefined) {
      lines.push(`${name}=${value}`);
    }
  }
  if (withCertificates) {
    lines.push(`cafile=${CERTIFICATES}`);
  }
  // Logins to a registry stand in the user's file alone; npm does not print them.
  const own = config.get("userconfig");
  if (own !== undefined && existsSync(own)) {
    const text = await readFile(own, "utf8");
    lines.push(...text.split("\n").filter((line) => line.startsWith("//")));
  }
  return `${lines.join("\n")}\n`;
}

/** npm's settings that are about reaching a registry; unset ones are left out. */
async function npmConfig(): Promise<ReadonlyMap<string, string>> {
  const names = [
    "registry",
    "cafile",
    "proxy",
    "https-proxy",
    "noproxy",
    "strict-ssl",
    "userconfig",
  ];
  const text = await run("npm", "reading its settings", "npm", ["config", "get", ...names]);
  const pairs = text.split("\n").map((line) => /^([\w-]+)=(.*)$/.exec(line));
  return new Map(
    pairs.flatMap((pair): [string, string][] => {
      const [, name = "", value = ""] = pair ?? [];
      return ["", "null", "undefined"].includes(value) ? [] : [[name, value]];
    }),
  );
}
