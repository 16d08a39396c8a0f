/**
 * The lab's image registry: one store, served to the machines for reading from the fabric's
 * namespace, and opened for writing on the loopback while images are added.
 */
import { createServer } from "node:net";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa } from "execa";
import { stringify } from "yaml";

import { FABRIC, RUN } from "../layout.ts";
import { stopDaemon } from "../processes.ts";
import { lastLines, LabError } from "../progress.ts";
import { START_MS, startService } from "../services.ts";
import { STORE } from "./store.ts";

const FOLDER = join(RUN, "registry");
const PID = join(FOLDER, "pid");

/** Serves the store to the machines, read-only, as `FABRIC.services:FABRIC.registryPort`. */
export async function startRegistry(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const port = FABRIC.registryPort;
  const config = join(FOLDER, "config.yaml");
  await writeConfig(config, `${FABRIC.services}:${port}`, { readonly: true, store: STORE });
  await startService({
    name: "the image registry",
    port,
    command: ["docker-registry", "serve", config],
    pidFile: PID,
    logFile: join(FOLDER, "log"),
  });
}

/** Ends the registry of the machines; nothing to do is no error. */
export async function stopRegistry(): Promise<void> {
  await stopDaemon(PID);
}

/**
 * Opens the store for writing while `use` runs.
 *
 * @param folder for the registry's configuration
 * @param use is given the registry's address, `127.0.0.1:<port>`
 * @param store the store's folder; default: the computer's
 */
export async function withWritableRegistry<T>(
  folder: string,
  use: (address: string) => Promise<T>,
  store = STORE,
): Promise<T> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(folder, "registry.yaml");
  await writeConfig(config, address, { readonly: false, store });
  const registry = execa("docker-registry", ["serve", config], { reject: false, all: true });
  try {
    const ended = registry.then(({ all }) => all);
    const deadline = performance.now() + START_MS;
    while (!(await answers(address))) {
      const output = await Promise.race([ended, pause(50)]);
      if (output !== undefined || performance.now() > deadline) {
        const detail = `it does not answer on ${address}\n${lastLines(output ?? "")}`;
        throw new LabError("images", "starting the image registry", detail, "make up");
      }
    }
    return await use(address);
  } finally {
    registry.kill();
    await registry;
  }
}

async function writeConfig(
  path: string,
  address: string,
  { readonly, store }: { readonly readonly: boolean; readonly store: string },
): Promise<void> {
  await mkdir(store, { recursive: true });
  const config = {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: store },
      maintenance: { readonly: { enabled: readonly }, uploadpurging: { enabled: false } },
    },
    http: { addr: address },
  };
  await writeFile(path, stringify(config));
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}/v2/`)).ok;
  } catch {
    // Not listening yet: that is the answer asked for.
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return address.port;
}
