import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { identify, readPidFile, sessionMembers, startDaemon, stopDaemon } from "./processes.ts";
import { ownFolder } from "./testing/folder.ts";

test("a background process is found by its file, started once, and ended with its children", async () => {
  const folder = ownFolder();
  const daemon = {
    command: "sh",
    args: ["-c", "sleep 60 & sleep 60"],
    pidFile: join(folder, "pid"),
    logFile: join(folder, "log"),
  };
  await startDaemon(daemon);
  const first = readPidFile(daemon.pidFile);
  expect(first).toBeDefined();
  await startDaemon(daemon);
  expect(readPidFile(daemon.pidFile)).toEqual(first);
  await stopDaemon(daemon.pidFile);
  expect(sessionMembers(first?.pid ?? 0)).toEqual([]);
  expect(readPidFile(daemon.pidFile)).toBeUndefined();
  await stopDaemon(daemon.pidFile);
});

test("a process id that belongs to somebody else now is nobody's", () => {
  const folder = ownFolder();
  const file = join(folder, "pid");
  writeFileSync(file, `${process.pid} 1\n`);
  expect(readPidFile(file)).toBeUndefined();
  writeFileSync(file, `${process.pid} ${identify(process.pid)?.started ?? ""}\n`);
  expect(readPidFile(file)?.pid).toBe(process.pid);
});
