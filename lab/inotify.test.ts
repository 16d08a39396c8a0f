import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { inotifyInstances, raiseInotifyLimit, restoreInotifyLimit } from "./inotify.ts";
import { ownFolder } from "./testing/folder.ts";

let limit: string;
let noted: string;

beforeEach(() => {
  const folder = ownFolder();
  limit = join(folder, "limit");
  noted = join(folder, "run", "noted");
  writeFileSync(limit, "128\n");
});

describe("the limit of inotify instances", () => {
  test("is raised while a lab stands, and set again afterwards", () => {
    expect(raiseInotifyLimit(limit, noted)).toBe(128);
    expect(inotifyInstances(limit)).toBe(1024);
    // A second `up` finds it high enough.
    expect(raiseInotifyLimit(limit, noted)).toBeUndefined();
    restoreInotifyLimit(limit, noted);
    expect(inotifyInstances(limit)).toBe(128);
    expect(existsSync(noted)).toBe(false);
  });

  test("stays where it is higher, and where somebody has set another one meanwhile", () => {
    writeFileSync(limit, "8192\n");
    expect(raiseInotifyLimit(limit, noted)).toBeUndefined();
    restoreInotifyLimit(limit, noted);
    expect(readFileSync(limit, "utf8")).toBe("8192\n");

    writeFileSync(limit, "128\n");
    raiseInotifyLimit(limit, noted);
    writeFileSync(limit, "4096\n");
    restoreInotifyLimit(limit, noted);
    expect(inotifyInstances(limit)).toBe(4096);
  });

  test("that may not be changed is named with the way to change it", () => {
    // A number of the kernel's that root may not change either.
    expect(() => raiseInotifyLimit("/proc/sys/kernel/cap_last_cap", noted)).toThrow(
      /fs\.inotify\.max_user_instances is \d+ and cannot be changed from here[^]*sysctl/,
    );
    expect(existsSync(noted)).toBe(false);
  });
});
