/**
 * Debian packages that this project's commands need: which are missing, and installing them. One
 * mechanism for the lab (lab/packages.txt) and for the tests (testing/packages.txt).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { execa } from "execa";

import { PROJECT } from "./layout.ts";
import { readIfThere } from "./processes.ts";
import { lastLines, LabError, type Say } from "./progress.ts";

/**
 * A Debian package, and the command or absolute path of a file that shows it is there. One folder of
 * the path may be `*`, for a version.
 */
export interface PackageNeed {
  readonly name: string;
  readonly shownBy: string;
  /** Whether `make check` cannot do without it. */
  readonly isForCheck: boolean;
}

/** What packages are looked for on; replaced in tests. */
export interface PackageProbes {
  readonly uid: number;
  /** ID and ID_LIKE of os-release. */
  readonly distribution: string;
  /** Whether a file is there; one folder of the path may be `*`. */
  exists(path: string): boolean;
  /** Whether a command is found in PATH. */
  hasCommand(name: string): boolean;
}

/** Lists of packages, by what needs them. */
export const LISTS = {
  lab: join(PROJECT, "lab/packages.txt"),
  tests: join(PROJECT, "testing/packages.txt"),
} as const;

/** Reads a list: name, command or file, and `check` where `make check` needs it. */
export function readPackages(text = readFileSync(LISTS.lab, "utf8")): PackageNeed[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = "", shownBy = "", mark = ""] = line.trim().split(/\s+/);
      return { name, shownBy, isForCheck: mark === "check" };
    });
}

/** Those of the packages that are not there. */
export function missingPackages(
  needs: readonly PackageNeed[],
  probes: PackageProbes,
): PackageNeed[] {
  return needs.filter(({ shownBy }) =>
    shownBy.startsWith("/") ? !probes.exists(shownBy) : !probes.hasCommand(shownBy),
  );
}

/** Whether packages can be installed as on Debian. */
export function isDebian(probes: PackageProbes): boolean {
  const ids = probes.distribution.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm);
  const debian = [...ids].some(([, value]) => /\bdebian\b/.test(value ?? ""));
  return debian && probes.hasCommand("apt-get");
}

/**
 * Installs Debian packages.
 *
 * @throws LabError with what apt-get said
 */
export async function install(packages: readonly string[], say: Say): Promise<void> {
  const env = {
    DEBIAN_FRONTEND: "noninteractive",
    // The lab starts what it needs by itself, in its own namespaces: no service of a new package
    // shall listen on this computer.
    SYSTEMD_OFFLINE: "1",
  };
  const steps = [["update"], ["install", "-y", "--no-install-recommends", ...packages]];
  for (const step of steps) {
    say(`apt-get ${step.join(" ")}`);
    const result = await execa("apt-get", ["-q", ...step], { env, all: true, reject: false });
    if (result.failed) {
      throw new LabError(
        "this computer",
        `apt-get ${step.join(" ")}`,
        lastLines(result.all),
        `sudo apt-get ${step.join(" ")}`,
      );
    }
  }
  if (packages.includes("docker-registry") && existsSync("/run/systemd/system")) {
    await execa("systemctl", ["disable", "--now", "docker-registry.service"], { reject: false });
  }
}

/**
 * Installs those of the packages that are missing, as root on Debian and Ubuntu.
 *
 * @returns names of those installed
 * @throws LabError that names the missing ones with the fix, where they cannot be installed
 */
export async function ensurePackages(
  needs: readonly PackageNeed[],
  say: Say,
  probes: PackageProbes = packageProbes(),
): Promise<string[]> {
  const missing = missingPackages(needs, probes);
  const names = missing.map(({ name }) => name);
  if (names.length === 0) {
    return [];
  }
  if (!isDebian(probes) || probes.uid !== 0) {
    throw new LabError(
      "this computer",
      "looking for what the command needs",
      `not found: ${missing.map(({ shownBy }) => shownBy).join(", ")}`,
      isDebian(probes)
        ? `sudo apt-get install ${names.join(" ")}`
        : `install what Debian calls: ${names.join(" ")}`,
    );
  }
  await install(names, say);
  const still = missingPackages(missing, probes).map(({ name, shownBy }) => `${shownBy} (${name})`);
  if (still.length > 0) {
    throw new LabError(
      "this computer",
      `installing ${names.join(" ")}`,
      `not there all the same: ${still.join(", ")}`,
      `apt-get install --reinstall ${names.join(" ")}`,
    );
  }
  return names;
}

/** This computer. */
export function packageProbes(): PackageProbes {
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return {
    uid: process.getuid?.() ?? -1,
    distribution: readIfThere("/etc/os-release") ?? "",
    exists,
    // Administrators' folders are not in every user's PATH, and sudo may keep that one.
    hasCommand: (name) =>
      [...path, "/usr/sbin", "/sbin"].some((folder) => existsSync(join(folder, name))),
  };
}

function exists(path: string): boolean {
  const [before = "", after] = path.split("/*/");
  return after === undefined
    ? existsSync(path)
    : existsSync(before) &&
        readdirSync(before).some((folder) => existsSync(join(before, folder, after)));
}
