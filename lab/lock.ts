/**
 * One command at a time on one computer: the lab's namespaces and machines exist once per host, so
 * the lock is the host's as well, whichever checkout asks.
 */
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";

import { PROJECT } from "./layout.ts";
import { identify, isAlive } from "./processes.ts";

/** Folder for what belongs to the running lab and not to one checkout; empty after a restart. */
export const HOST_RUN = "/run/fogline";

/** Who holds the lock. */
export interface Holder {
  readonly pid: number;
  readonly started: string;
  readonly user: string;
  readonly command: string;
  readonly checkout: string;
  /** ISO 8601 time. */
  readonly since: string;
}

/** Thrown when another command holds the lock. */
export class LockedError extends Error {
  constructor(readonly holder: Holder) {
    super(
      `"make ${holder.command}" is at work: process ${holder.pid} of ${holder.user}, since ${holder.since}, in ${holder.checkout}\n` +
        `next: wait for it, or press Ctrl-C there (or: kill -INT ${holder.pid})`,
    );
    this.name = "LockedError";
  }
}

/**
 * Takes the lock, from a dead holder too.
 *
 * @param command what takes it, e.g. `up`
 * @returns releases the lock; may be called twice
 * @throws LockedError naming the holder
 */
export function takeLock(command: string, path = `${HOST_RUN}/lock`): () => void {
  const self = identify(process.pid);
  if (self === undefined) {
    throw new Error("/proc does not show this process");
  }
  const holder: Holder = {
    ...self,
    user: process.env["SUDO_USER"] ?? userInfo().username,
    command,
    checkout: PROJECT,
    since: new Date().toISOString(),
  };
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(holder)}\n`);
  try {
    claim(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readHolder(path)?.pid === holder.pid) {
      rmSync(path, { force: true });
      removeIfEmpty(dirname(path));
    }
  };
}

/** Removes a folder that nothing is left in, so that a lab which is down leaves no trace. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTEMPTY" && code !== "ENOENT") {
      throw error;
    }
  }
}

/** Who holds the lock; `undefined` when nobody does or the holder died. */
export function lockHolder(path = `${HOST_RUN}/lock`): Holder | undefined {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

/** Linking is atomic: the lock is never seen empty, and of two that try one wins. */
function claim(draft: string, path: string): void {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    try {
      linkSync(draft, path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw error;
      }
    }
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder)) {
      throw new LockedError(holder);
    }
    removeStale(path);
  }
  throw new Error(`${path} is taken and left again all the time; look at it and remove it`);
}

/**
 * Takes a dead holder's file away. Of two that find it, the later may catch the winner's new file
 * instead: what was caught is looked at again and put back when it is alive.
 */
function removeStale(path: string): void {
  const caught = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, caught);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return;
    }
    throw error;
  }
  const holder = readHolder(caught);
  if (holder !== undefined && isAlive(holder)) {
    linkSync(caught, path);
  }
  unlinkSync(caught);
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
