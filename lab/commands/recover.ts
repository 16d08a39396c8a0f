/**
 * Restores what was lost without a command: machines that died, and after a restart of the computer the
 * network around them. Disks are kept, so it is the same lab afterwards, with all its data.
 */
import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { NAMESPACES, RUN } from "../layout.ts";
import { erase, halt, powerOn, strayDisks } from "../machines/machine.ts";
import { inNamespace } from "../machines/namespace.ts";
import { createInnerLan, createSecondHome } from "../machines/network.ts";
import type { MachineSpec } from "../machines/spec.ts";
import type { Say } from "../progress.ts";
import { Cloud } from "../stand-ins/azure-native/cloud.ts";
import { applyFabric } from "../stand-ins/azure-native/network.ts";
import { hasCluster, kubectlJson } from "./kubectl.ts";

/** State of the Azure stand-in. */
const CLOUD = join(RUN, "cloud.json");
/** Where the program keeps the laptop's part of the overlay. */
export const OVERLAY = join(RUN, "operator", "overlay");

/** How long nodes may take to renew their leases, in seconds; measured: 15 to 40. */
const NODES_SECONDS = 240;

/** Removes disks of machines that do not belong to this lab. */
export async function removeStrayDisks(): Promise<void> {
  await Promise.all((await strayDisks()).map((name) => erase(name)));
}

/** Creates the cloud's network from its state; nothing where there is none yet. */
export async function restoreCloud(): Promise<void> {
  if (existsSync(CLOUD)) {
    await applyFabric(new Cloud(CLOUD));
  }
}

/** Boots machines that are off, on their networks. */
export async function bootMachines(off: readonly MachineSpec[], say: Say): Promise<void> {
  if (off.some(({ namespace }) => namespace === NAMESPACES.inner)) {
    await createInnerLan();
  }
  if (off.some(({ namespace }) => namespace === NAMESPACES.home2)) {
    await createSecondHome();
  }
  say(off.map(({ name }) => name).join(", "));
  await Promise.all(off.map(bootAgain));
}

async function bootAgain({ name }: MachineSpec): Promise<void> {
  // Its supervisor may have died alone: what is left of the machine would hold the disk.
  await halt(name);
  await powerOn(name);
}

/** Brings the laptop's tunnel up again if its interface is missing and its configuration is not. */
export async function rejoinOverlay(): Promise<void> {
  // Each stack has a folder of its own.
  const files = existsSync(OVERLAY)
    ? readdirSync(OVERLAY, { encoding: "utf8", recursive: true })
    : [];
  for (const file of files.filter((name) => name.endsWith(".conf"))) {
    // A session of its own: without the kernel's WireGuard, a process serves the interface.
    await inNamespace(
      NAMESPACES.laptop,
      `if ! ip link show '${basename(file, ".conf")}' >/dev/null 2>&1; then
         setsid --wait wg-quick up '${join(OVERLAY, file)}' >&2 </dev/null
       fi`,
    );
  }
}

interface Lease {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly renewTime: string };
}

/**
 * Waits until the machines' nodes have renewed their leases: older statuses in the API are from before.
 *
 * @param since when the machines were off, in milliseconds since 1970
 * @returns the nodes that have not done so in time
 */
export async function awaitNodes(
  machines: readonly string[],
  since: number,
  say: Say,
): Promise<string[]> {
  if (!hasCluster()) {
    return [];
  }
  const deadline = performance.now() + NODES_SECONDS * 1000;
  const names = machines.map((name) => name.toLowerCase());
  for (;;) {
    const silent = await silentOf(names, since);
    if (silent.length === 0 || performance.now() > deadline) {
      return silent;
    }
    say(`waiting for ${silent.join(", ")}`);
    await pause(500);
  }
}

/** Those of the nodes that have not renewed their lease since; all where the API does not answer. */
async function silentOf(names: readonly string[], since: number): Promise<string[]> {
  const request = ["get", "leases", "--namespace=kube-node-lease"];
  const leases = await kubectlJson<{ items: Lease[] }>(request).catch(() => undefined);
  return leases === undefined
    ? [...names]
    : leases.items
        .filter(({ metadata, spec }) => {
          return names.includes(metadata.name) && Date.parse(spec.renewTime) < since;
        })
        .map(({ metadata }) => metadata.name);
}
