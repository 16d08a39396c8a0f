/**
 * How many inotify instances the kernel gives root. Every machine of a lab is root's: a service manager,
 * a kubelet and a container runtime take 15 to 35 each, of 128 by default. Past the limit, programs fail
 * in ways that do not name it; WireGuard in user space, for one, loses its control socket.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { replaceFile } from "./files.ts";
import { HOST_RUN } from "./lock.ts";
import { LabError } from "./progress.ts";

/** The kernel's limit; `sysctl fs.inotify.max_user_instances` shows it. */
const LIMIT = "/proc/sys/fs/inotify/max_user_instances";
/** Enough for 30 machines. */
const ENOUGH = 1024;
/** Holds the limit of before, until `make down` sets it again; a restart does both by itself. */
const BEFORE = join(HOST_RUN, "inotify-instances");

/** The kernel's limit now. */
export function inotifyInstances(limit = LIMIT): number {
  return Number(readFileSync(limit, "utf8"));
}

/**
 * Raises the limit where it is lower, and notes what it was.
 *
 * @returns the limit of before; undefined where it is high enough
 * @throws LabError where it may not be changed, as in a container
 */
export function raiseInotifyLimit(limit = LIMIT, noted = BEFORE): number | undefined {
  const before = inotifyInstances(limit);
  if (before >= ENOUGH) {
    return undefined;
  }
  try {
    writeFileSync(limit, String(ENOUGH));
  } catch (error) {
    throw new LabError(
      "this computer",
      "raising the limit of inotify instances",
      `fs.inotify.max_user_instances is ${before} and cannot be changed from here: ${String(error)}`,
      `run sysctl fs.inotify.max_user_instances=${ENOUGH} on the machine whose kernel this is`,
    );
  }
  replaceFile(noted, String(before));
  return before;
}

/** Sets the limit of before again, unless somebody has set another one meanwhile. */
export function restoreInotifyLimit(limit = LIMIT, noted = BEFORE): void {
  if (!existsSync(noted)) {
    return;
  }
  if (inotifyInstances(limit) === ENOUGH) {
    writeFileSync(limit, readFileSync(noted, "utf8"));
  }
  rmSync(noted);
}
