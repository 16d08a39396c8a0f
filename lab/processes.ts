/**
 * Processes of the lab that outlive the command which started them: recorded by process id and start
 * time, so that a reused process id is never mistaken for one of ours.
 */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { replaceFile } from "./files.ts";

/** The text of a file; undefined where there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}

/** One process; its start time distinguishes it from a later one with the same id. */
export interface ProcessId {
  readonly pid: number;
  /** Start time in clock ticks since boot, as the kernel keeps it. */
  readonly started: string;
}

interface Stat {
  readonly state: string;
  readonly session: number;
  readonly started: string;
}

/** Identity of a running process; `undefined` when there is none (a zombie counts as none). */
export function identify(pid: number): ProcessId | undefined {
  const stat = readStat(pid);
  return stat === undefined || stat.state === "Z" ? undefined : { pid, started: stat.started };
}

/** Whether this very process still runs. */
export function isAlive(process: ProcessId): boolean {
  return identify(process.pid)?.started === process.started;
}

/** The process that a file names, if it still runs. */
export function readPidFile(path: string): ProcessId | undefined {
  const [pid, started] = (readIfThere(path) ?? "").trim().split(" ");
  const process = { pid: Number(pid), started: started ?? "" };
  return process.pid > 0 && isAlive(process) ? process : undefined;
}

/** Records a process, so that a later command finds it. */
export function writePidFile(path: string, pid: number): void {
  const process = identify(pid);
  if (process === undefined) {
    throw new Error(`process ${pid} ended before it was recorded in ${path}`);
  }
  replaceFile(path, `${process.pid} ${process.started}\n`);
}

/** What a background process is started with. */
export interface Daemon {
  readonly command: string;
  readonly args: readonly string[];
  readonly pidFile: string;
  /** Receives standard output and standard error. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a process in a session of its own, unless the one of the pid file still runs. */
export async function startDaemon(daemon: Daemon): Promise<void> {
  if (readPidFile(daemon.pidFile) !== undefined) {
    return;
  }
  mkdirSync(dirname(daemon.logFile), { recursive: true });
  const log = openSync(daemon.logFile, "a");
  try {
    const child = spawn(daemon.command, daemon.args, {
      detached: true,
      stdio: ["ignore", log, log],
      env: daemon.env ?? process.env,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    writePidFile(daemon.pidFile, child.pid ?? 0);
  } finally {
    closeSync(log);
  }
}

/** Ends the process of a pid file and everything in its session; nothing to do is no error. */
export async function stopDaemon(pidFile: string): Promise<void> {
  const process = readPidFile(pidFile);
  if (process !== undefined) {
    await endSession(process.pid);
  }
  rmSync(pidFile, { force: true });
}

/**
 * Ends every process of a session: asked first, forced after a while. A session is what a detached
 * start makes; whatever detached itself from it (a machine that was booted) is left alone.
 *
 * @param patience milliseconds between asking and forcing
 */
export async function endSession(session: number, patience = 3000): Promise<void> {
  const deadline = performance.now() + patience;
  signalAll(sessionMembers(session), "SIGTERM");
  while (sessionMembers(session).length > 0 && performance.now() < deadline) {
    await pause(20);
  }
  signalAll(sessionMembers(session), "SIGKILL");
  // Killed processes disappear when the kernel has released them.
  const end = performance.now() + patience;
  while (sessionMembers(session).length > 0) {
    if (performance.now() > end) {
      throw new Error(`processes ${sessionMembers(session).join(", ")} do not end on SIGKILL`);
    }
    await pause(20);
  }
}

/** Waits until a process has ended; false when it still runs after a while, in milliseconds. */
export async function awaitEnd(process: ProcessId, patience: number): Promise<boolean> {
  const deadline = performance.now() + patience;
  while (isAlive(process)) {
    if (performance.now() > deadline) {
      return false;
    }
    await pause(50);
  }
  return true;
}

/** Process ids of a session that still run. */
export function sessionMembers(session: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = readStat(pid);
      return stat !== undefined && stat.state !== "Z" && stat.session === session;
    });
}

/** Sends a signal to processes; those that have ended meanwhile are no error. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It ended between the listing and the signal.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
        throw error;
      }
    }
  }
}

function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // No such process (any more).
    return undefined;
  }
  // The name in parentheses may hold spaces; the fields after it are counted from `state`.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", session: Number(fields[3]), started: fields[19] ?? "" };
}
