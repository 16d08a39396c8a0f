import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, test } from "vitest";

import { LockedError, lockHolder, takeLock } from "./lock.ts";
import { identify } from "./processes.ts";
import { ownFolder } from "./testing/folder.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = ownFolder();
  mkdirSync(join(folder, "run"));
  path = join(folder, "run", "lock");
});

/** Another process that holds the lock until it is killed. */
async function holdElsewhere(): Promise<ChildProcess> {
  const script = 'exec 3>>"$1"; flock 3; echo held; exec sleep 60';
  const holder = spawn("sh", ["-c", script, "sh", path], { stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  return holder;
}

describe("the lab's lock", () => {
  test("is refused to a second command, which is told who holds it", () => {
    const release = takeLock("up", path);
    expect(() => takeLock("down", path)).toThrow(LockedError);
    expect(() => takeLock("down", path)).toThrow(
      new RegExp(`"make up" is running: process ${process.pid} of .+, since \\d{4}-`),
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
    const holder = await holdElsewhere();
    writeFileSync(path, JSON.stringify({ pid: holder.pid, started: "1" }));
    expect(() => takeLock("up", path)).toThrow(LockedError);
    holder.kill("SIGKILL");
    await new Promise((resolve) => holder.once("exit", resolve));
    const release = takeLock("up", path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
    release();
  });

  test("is taken over when the kernel gave the holder's process id to another process", () => {
    writeFileSync(path, JSON.stringify({ pid: process.ppid, started: "1" }));
    takeLock("up", path)();
  });

  test("is kept by a living process", async () => {
    const holder = await holdElsewhere();
    writeFileSync(
      path,
      JSON.stringify({ ...identify(process.ppid), user: "somebody", command: "up" }),
    );
    expect(() => takeLock("up", path)).toThrow(/of somebody/);
    holder.kill("SIGKILL");
  });

  test("is refused while its holder has not written its name yet", async () => {
    const holder = await holdElsewhere();
    expect(() => takeLock("up", path)).toThrow("another command has just begun");
    holder.kill("SIGKILL");
  });

  test("survives a file that was cut short", () => {
    writeFileSync(path, "{");
    takeLock("up", path)();
  });

  test("is not removed by a holder that lost it", () => {
    const release = takeLock("up", path);
    rmSync(path);
    const other = takeLock("down", path);
    release();
    expect(existsSync(path)).toBe(true);
    expect(() => takeLock("up", path)).toThrow(LockedError);
    other();
  });
});
