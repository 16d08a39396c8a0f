/** Network namespaces: made, entered, removed. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

import { execa } from "execa";

/** Where `ip netns` keeps namespaces, in a mount of its own. */
const FOLDER = "/run/netns";

/** Path by which a namespace is entered. */
export function namespacePath(name: string): string {
  return `${FOLDER}/${name}`;
}

/** Makes a namespace with its loopback up; one that stands is left as it is. Returns whether it is new. */
export async function createNamespace(name: string): Promise<boolean> {
  if (existsSync(namespacePath(name))) {
    return false;
  }
  await execa("ip", ["netns", "add", name]);
  await execa("ip", ["-n", name, "link", "set", "lo", "up"]);
  return true;
}

/** Removes a namespace with every interface in it; nothing to do is no error. */
export async function deleteNamespace(name: string): Promise<void> {
  if (existsSync(namespacePath(name))) {
    await execa("ip", ["netns", "delete", name]);
  }
}

/**
 * Takes the mount away that the first namespace of all put over the folder of namespaces, unless somebody
 * else has one there.
 */
export async function leaveNamespaces(): Promise<void> {
  if (mounted(FOLDER) && readdirSync(FOLDER).length === 0) {
    await execa("umount", [FOLDER]);
  }
}

function mounted(folder: string): boolean {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return mounts.some((line) => line.split(" ")[1] === folder);
}

/**
 * Runs a shell script with a namespace's network.
 *
 * @throws when a command of the script fails, with what it said
 */
export async function inNamespace(name: string, script: string): Promise<string> {
  const { stdout } = await execa(
    "nsenter",
    [`--net=${namespacePath(name)}`, "bash", "-euo", "pipefail", "-s"],
    { input: script },
  );
  return stdout;
}
