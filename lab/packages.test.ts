import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { needsOf } from "../testing/setup.ts";
import {
  ensurePackages,
  LISTS,
  missingPackages,
  packageProbes,
  readPackages,
  type PackageProbes,
} from "./packages.ts";

/** A computer that meets every requirement, with changes. */
function computer(changes: Partial<PackageProbes> = {}): PackageProbes {
  return {
    uid: 1000,
    distribution: "ID=debian\n",
    exists: () => true,
    hasCommand: () => true,
    ...changes,
  };
}

const silent = (): void => undefined;

describe("the lists of packages", () => {
  test.each(Object.values(LISTS))("%s says what shows each package", (list) => {
    const packages = readPackages(readFileSync(list, "utf8"));
    expect(packages.length).toBeGreaterThan(5);
    for (const { name, shownBy } of packages) {
      expect(name).toMatch(/^[a-z0-9.+-]+$/);
      expect(shownBy).toMatch(/^[\w./*-]+$/);
    }
  });

  test("name none twice, and ask of the unit tests a part of what all tests need", () => {
    const names = needsOf("test").map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const check = needsOf("check").map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([...check, "chromium"]));
    expect(check).toContain("shellcheck");
    expect(check).not.toContain("chromium");
  });
});

describe("missing packages", () => {
  const needs = readPackages("shellcheck shellcheck check\npostgresql /usr/lib/p/*/bin/postgres\n");

  test("are told by a command or a file", () => {
    const without = computer({ hasCommand: (name) => name !== "shellcheck", exists: () => false });
    expect(missingPackages(needs, without).map(({ name }) => name)).toEqual([
      "shellcheck",
      "postgresql",
    ]);
    expect(missingPackages(needs, computer())).toEqual([]);
  });

  test("are looked for in every version's folder", () => {
    const probes = packageProbes();
    expect(probes.exists(`${import.meta.dirname}/../*/packages.txt`)).toBe(true);
    expect(probes.exists(`${import.meta.dirname}/../*/no-such-file`)).toBe(false);
    expect(probes.exists("/no/such/folder/*/file")).toBe(false);
  });

  test("are named with their fix where nobody may install them", async () => {
    const hasCommand = (name: string): boolean => name !== "shellcheck";
    await expect(ensurePackages(needs, silent, computer({ hasCommand }))).rejects.toThrow(
      /not found: shellcheck\nnext: sudo apt-get install shellcheck/,
    );
    const fedora = computer({ hasCommand, distribution: "ID=fedora\n", uid: 0 });
    await expect(ensurePackages(needs, silent, fedora)).rejects.toThrow(
      /install what Debian calls: shellcheck/,
    );
  });

  test("are no matter where nothing is missing", async () => {
    expect(await ensurePackages(needs, silent, computer())).toEqual([]);
  });
});
