/**
 * The internet's services that the lab's machines need, in the fabric's namespace: here the downloads
 * (the K3s binary); the image registry is `images/registry.ts`.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa } from "execa";

import { bundle } from "./bundle.ts";
import { FABRIC, NAMESPACES, RUN } from "./layout.ts";
import { readPidFile, startDaemon, stopDaemon } from "./processes.ts";
import { LabError } from "./progress.ts";

/** A file that machines may download. */
export interface Download {
  /** Path in the URL, e.g. `/k3s-amd64`. */
  readonly path: string;
  readonly file: string;
  /** The same file, compressed for those who accept gzip. */
  readonly gzip?: string;
  readonly sha256: string;
}

const FOLDER = join(RUN, "downloads");
const PID = join(FOLDER, "pid");
const LOG = join(FOLDER, "log");
const LIST = join(FOLDER, "list.json");

/** Starts the downloads; when they run already, only what they offer is brought up to date. */
export async function startDownloads(downloads: readonly Download[]): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(LIST, JSON.stringify(downloads));
  if (readPidFile(PID) !== undefined) {
    return;
  }
  const program = await bundle("lab/services/downloads.ts");
  const namespace = `--net=/run/netns/${NAMESPACES.cloud}`;
  await startDaemon({
    command: "nsenter",
    args: [
      ...[namespace, process.execPath, program],
      ...[FABRIC.services, String(FABRIC.downloadPort), LIST],
    ],
    pidFile: PID,
    logFile: LOG,
  });
  await awaitPort(namespace);
}

/** Ends the downloads; nothing to do is no error. */
export async function stopDownloads(): Promise<void> {
  await stopDaemon(PID);
}

async function awaitPort(namespace: string): Promise<void> {
  const probe = `exec 3<>/dev/tcp/${FABRIC.services}/${FABRIC.downloadPort}`;
  const deadline = performance.now() + 15_000;
  while (readPidFile(PID) !== undefined && performance.now() < deadline) {
    const { failed } = await execa("nsenter", [namespace, "bash", "-c", probe], { reject: false });
    if (!failed) {
      return;
    }
    await pause(50);
  }
  throw new LabError(
    NAMESPACES.cloud,
    "starting the downloads",
    `${FABRIC.services}:${FABRIC.downloadPort} does not answer`,
    `cat ${LOG}`,
  );
}
