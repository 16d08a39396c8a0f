/**
 * The one way out of the lab: a browser on this computer opens 127.0.0.1 and sees the website. Two
 * processes, one on each side of the namespace's wall, joined by a Unix socket.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { bundle } from "./bundle.ts";
import { replaceFile } from "./files.ts";
import { targetsOf } from "./forwarder/rotation.ts";
import { NAMESPACES, RUN } from "./layout.ts";
import { HOST_RUN } from "./lock.ts";
import { readPidFile, startDaemon, stopDaemon } from "./processes.ts";
import { lastLines, LabError } from "./progress.ts";

const FOLDER = join(RUN, "forwarder");
const OUTSIDE = join(FOLDER, "outside.pid");
const INSIDE = join(FOLDER, "inside.pid");
const TARGETS = join(FOLDER, "targets.json");
const PORT = join(FOLDER, "port");

/** Unix socket of the inner half; a short path, as the kernel allows 107 characters. */
export const SOCKET = join(HOST_RUN, "forwarder.sock");

/** Ports tried in turn: the browser's own, the usual ones for trials, any that is free (0). */
const PORTS = [80, 8080, 8000, 8888, 0];

/**
 * Makes the website reachable on this computer; brings the addresses behind it up to date when it is.
 *
 * @param urls addresses of the website inside the lab
 * @returns the URL for a browser on this computer
 */
export async function startForwarder(
  urls: readonly string[],
  namespace: string = NAMESPACES.laptop,
): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  await mkdir(HOST_RUN, { recursive: true });
  replaceFile(TARGETS, JSON.stringify(targetsOf(urls)));
  if (readPidFile(INSIDE) === undefined) {
    rmSync(SOCKET, { force: true });
    const inside = await bundle("lab/forwarder/inside.ts");
    await startDaemon({
      command: "nsenter",
      args: [`--net=/run/netns/${namespace}`, process.execPath, inside, SOCKET, TARGETS],
      pidFile: INSIDE,
      logFile: join(FOLDER, "inside.log"),
    });
    await settle("inside", INSIDE, () => existsSync(SOCKET));
  }
  if (readPidFile(OUTSIDE) === undefined) {
    const before = existsSync(PORT) ? [Number(readFileSync(PORT, "utf8"))] : [];
    rmSync(PORT, { force: true });
    const ports = [...before, ...PORTS].map(String);
    const outside = await bundle("lab/forwarder/outside.ts");
    await startDaemon({
      command: process.execPath,
      args: [outside, SOCKET, PORT, ...ports],
      pidFile: OUTSIDE,
      logFile: join(FOLDER, "outside.log"),
    });
    await settle("outside", OUTSIDE, () => existsSync(PORT));
  }
  return forwarderUrl() ?? "";
}

/** The URL for a browser on this computer, when the forwarder runs. */
export function forwarderUrl(): string | undefined {
  if (readPidFile(OUTSIDE) === undefined || !existsSync(PORT)) {
    return undefined;
  }
  const port = readFileSync(PORT, "utf8");
  return port === "80" ? "http://127.0.0.1/" : `http://127.0.0.1:${port}/`;
}

/** Ends the forwarder; nothing to do is no error. */
export async function stopForwarder(): Promise<void> {
  await stopDaemon(OUTSIDE);
  await stopDaemon(INSIDE);
  rmSync(SOCKET, { force: true });
}

/** Waits until one half is running. */
async function settle(half: string, pidFile: string, ready: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!ready()) {
    if (readPidFile(pidFile) === undefined || performance.now() > deadline) {
      const log = join(FOLDER, `${half}.log`);
      const detail = `it does not listen\n${lastLines(readFileSync(log, "utf8"))}`;
      throw new LabError("forwarder", `starting the half ${half}`, detail, `cat ${log}`);
    }
    await pause(20);
  }
}
