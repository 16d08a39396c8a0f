/**
 * The one way out of the lab: a browser on this computer opens 127.0.0.1 and sees the website. Two
 * processes, one on each side of the namespace's wall, joined by a Unix socket.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { targetsOf } from "./forwarder/rotation.ts";
import { NAMESPACES, RUN } from "./layout.ts";
import { HOST_RUN } from "./lock.ts";
import { nodeCommand } from "./node.ts";
import { readPidFile, startDaemon, stopDaemon } from "./processes.ts";
import { LabError } from "./progress.ts";

const FOLDER = join(RUN, "forwarder");
const OUTSIDE = join(FOLDER, "outside.pid");
const INSIDE = join(FOLDER, "inside.pid");
const TARGETS = join(FOLDER, "targets.json");
const PORT = join(FOLDER, "port");

/** Unix socket of the inner half; a short path, as the kernel allows 107 characters. */
export const SOCKET = join(HOST_RUN, "forwarder.sock");

/** Ports tried in turn: the browser's own, then the usual ones for trials. */
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
  await writeFile(`${TARGETS}.new`, JSON.stringify(targetsOf(urls)));
  await rename(`${TARGETS}.new`, TARGETS);
  if (readPidFile(INSIDE) === undefined) {
    rmSync(SOCKET, { force: true });
    const { command, args } = nodeCommand("lab/forwarder/inside.ts", [SOCKET, TARGETS]);
    await startDaemon({
      command: "nsenter",
      args: [`--net=/run/netns/${namespace}`, command, ...args],
      pidFile: INSIDE,
      logFile: join(FOLDER, "inside.log"),
    });
    await settle("inside", INSIDE, () => existsSync(SOCKET));
  }
  if (readPidFile(OUTSIDE) === undefined) {
    const port = await freePort();
    const { command, args } = nodeCommand("lab/forwarder/outside.ts", [String(port), SOCKET]);
    await startDaemon({
      command,
      args,
      pidFile: OUTSIDE,
      logFile: join(FOLDER, "outside.log"),
    });
    await settle("outside", OUTSIDE, async () => !(await isFree(port)));
    await writeFile(PORT, String(port));
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

/** The port remembered from before, or the first that is free. */
async function freePort(): Promise<number> {
  const before = existsSync(PORT) ? [Number(readFileSync(PORT, "utf8"))] : [];
  for (const port of [...before, ...PORTS]) {
    const free = port === 0 ? await anyPort() : port;
    if (await isFree(free)) {
      return free;
    }
  }
  throw new Error(`no port of ${PORTS.join(", ")} is free on 127.0.0.1`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen(port, "127.0.0.1", () =>
      server.close(() => {
        resolve(true);
      }),
    );
  });
}

function anyPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** Waits until a half is at work. */
async function settle(
  half: string,
  pidFile: string,
  ready: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await ready())) {
    if (readPidFile(pidFile) === undefined || performance.now() > deadline) {
      throw new LabError(
        "forwarder",
        `starting the half ${half}`,
        "it does not listen",
        `cat ${join(FOLDER, `${half}.log`)}`,
      );
    }
    await pause(20);
  }
}
