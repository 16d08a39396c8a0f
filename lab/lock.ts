/**
 * One command at a time on one computer: the lab's namespaces and machines exist once per host, so
 * the lock is the host's as well, whichever checkout asks. It is util-linux' flock, which the kernel
 * releases when its holder dies; the file says who that is.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";

import { PROJECT } from "./layout.ts";
import { identify, isAlive, type ProcessId } from "./processes.ts";

/** Folder for what belongs to the running lab and not to one checkout; empty after a restart. */
export const HOST_RUN = "/run/fogline";

/** Who holds the lock. */
export interface Holder extends ProcessId {
  readonly user: string;
  readonly command: string;
  readonly checkout: string;
  /** ISO 8601 time. */
  readonly since: string;
}

/** Thrown when another command holds the lock. */
export class LockedError extends Error {
  /** @param holder unknown while it has just begun */
  constructor(holder: Holder | undefined) {
    super(
      holder === undefined
        ? "another command has just begun\nnext: wait for it"
        : `"make ${holder.command}" is running: process ${holder.pid} of ${holder.user}, since ${holder.since}, in ${holder.checkout}\n` +
            `next: wait for it, or press Ctrl-C there (or: kill -INT ${holder.pid})`,
    );
    this.name = "LockedError";
  }
}

/**
 * Takes the lock.
 *
 * @param command what takes it, e.g. `up`
 * @returns releases the lock; may be called twice
 * @throws LockedError naming the holder
 */
export function takeLock(command: string, path = `${HOST_RUN}/lock`): () => void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "a");
  // The lock belongs to the open file, which the command shares with this process.
  const { status, error } = spawnSync("flock", ["--nonblock", "3"], {
    stdio: ["ignore", "inherit", "inherit", file],
  });
  if (error !== undefined || status !== 0) {
    closeSync(file);
    throw error ?? new LockedError(readHolder(path));
  }
  if (!isStill(file, path)) {
    // The last holder removed it between the opening and the lock.
    closeSync(file);
    return takeLock(command, path);
  }
  const holder = {
    ...identify(process.pid),
    user: process.env["SUDO_USER"] ?? userInfo().username,
    command,
    checkout: PROJECT,
    since: new Date().toISOString(),
  };
  ftruncateSync(file);
  writeSync(file, `${JSON.stringify(holder)}\n`);
  let isHeld = true;
  return () => {
    if (!isHeld) {
      return;
    }
    isHeld = false;
    if (isStill(file, path)) {
      rmSync(path);
      removeIfEmpty(dirname(path));
    }
    closeSync(file);
  };
}

/**
 * Removes a folder that nothing is left in, so that a lab which is down leaves no trace. One that a file
 * system is mounted on stays: who mounted it there gave the lab a disk of its own.
 */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!["ENOTEMPTY", "ENOENT", "EBUSY"].includes(code ?? "")) {
      throw error;
    }
  }
}

/** Who holds the lock; `undefined` when nobody does or the holder died. */
export function lockHolder(path = `${HOST_RUN}/lock`): Holder | undefined {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** Whether an open file is the one at a path. */
function isStill(file: number, path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(file).ino;
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) {
      return undefined;
    }
    throw error;
  }
}
