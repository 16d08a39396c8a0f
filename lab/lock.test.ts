import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { LockedError, lockHolder, takeLock } from "./lock.ts";
import { identify } from "./processes.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-"));
  mkdirSync(join(folder, "run"));
  path = join(folder, "run", "lock");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("the lab's lock", () => {
  test("is refused to a second command, which is told who holds it", () => {
    const release = takeLock("up", path);
    expect(() => takeLock("down", path)).toThrow(LockedError);
    expect(() => takeLock("down", path)).toThrow(
      new RegExp(`"make up" is at work: process ${process.pid} of .+, since \\d{4}-`),
    );
    release();
  });

  test("is free again after its release", () => {
    takeLock("up", path)();
    expect(existsSync(path)).toBe(false);
    takeLock("down", path)();
  });

  test("leaves nothing beside itself", () => {
    const release = takeLock("up", path);
    expect(lockHolder(path)?.command).toBe("up");
    release();
    expect(lockHolder(path)).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is taken over from a process that died", async () => {
    const child = spawn("true");
    await new Promise((resolve) => child.once("exit", resolve));
    writeFileSync(path, JSON.stringify({ pid: child.pid, started: "1" }));
    const release = takeLock("up", path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
    release();
  });

  test("is taken over when the kernel gave the holder's process id to another process", () => {
    writeFileSync(path, JSON.stringify({ pid: process.ppid, started: "1" }));
    takeLock("up", path)();
  });

  test("is kept by a living process", () => {
    writeFileSync(
      path,
      JSON.stringify({ ...identify(process.ppid), user: "somebody", command: "up" }),
    );
    expect(() => takeLock("up", path)).toThrow(/of somebody/);
  });

  test("survives a file that was cut short", () => {
    writeFileSync(path, "{");
    takeLock("up", path)();
  });

  test("is not removed by a holder that lost it", () => {
    const release = takeLock("up", path);
    writeFileSync(path, JSON.stringify({ ...identify(process.ppid), command: "down" }));
    release();
    expect(existsSync(path)).toBe(true);
  });
});
