/** The internet's services that the lab's machines need, in the fabric's namespace. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa } from "execa";

import { bundle } from "./bundle.ts";
import { replaceFile } from "./files.ts";
import { FABRIC, NAMESPACES, RUN } from "./layout.ts";
import { readPidFile, startDaemon, stopDaemon, type Daemon } from "./processes.ts";
import { lastLines, LabError } from "./progress.ts";

/** How long a service may take to answer, milliseconds. */
export const START_MS = 15_000;

/** A server that machines reach as `FABRIC.services:port`. */
export interface Service extends Pick<Daemon, "pidFile" | "logFile"> {
  /** Name in messages, e.g. `the downloads`. */
  readonly name: string;
  readonly port: number;
  readonly command: readonly string[];
}

/**
 * Starts a service, unless it runs, and waits until it takes connections.
 *
 * @throws LabError with the end of its log when it does not
 */
export async function startService({ name, port, command, ...files }: Service): Promise<void> {
  const { pidFile, logFile } = files;
  if (readPidFile(pidFile) !== undefined) {
    return;
  }
  const namespace = `--net=/run/netns/${NAMESPACES.cloud}`;
  await startDaemon({ command: "nsenter", args: [namespace, ...command], ...files });
  const probe = `exec 3<>/dev/tcp/${FABRIC.services}/${port}`;
  const deadline = performance.now() + START_MS;
  while (readPidFile(pidFile) !== undefined && performance.now() < deadline) {
    const { failed } = await execa("nsenter", [namespace, "bash", "-c", probe], { reject: false });
    if (!failed) {
      return;
    }
    await pause(50);
  }
  await stopDaemon(pidFile);
  const log = lastLines(readFileSync(logFile, "utf8"));
  const detail = `${FABRIC.services}:${port} does not answer\n${log}`;
  throw new LabError(NAMESPACES.cloud, `starting ${name}`, detail, `cat ${logFile}`);
}

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
const LIST = join(FOLDER, "list.json");

/** Starts the downloads; when they run already, only what they offer is brought up to date. */
export async function startDownloads(downloads: readonly Download[]): Promise<void> {
  replaceFile(LIST, JSON.stringify(downloads));
  const program = await bundle("lab/services/downloads.ts");
  const port = FABRIC.downloadPort;
  await startService({
    name: "the downloads",
    port,
    command: [process.execPath, program, FABRIC.services, String(port), LIST],
    pidFile: PID,
    logFile: join(FOLDER, "log"),
  });
}

/** Ends the downloads; nothing to do is no error. */
export async function stopDownloads(): Promise<void> {
  await stopDaemon(PID);
}
