/** Creates and removes the network, and tells whether it is complete. */
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { HOST_RUN } from "../lock.ts";
import { createNetwork, destroyNetwork } from "../machines/network.ts";

/** File that exists while the network is complete; a restart of the computer removes both. */
const WHOLE = join(HOST_RUN, "network");

/** Whether the network exists and is complete. */
export function networkStands(): boolean {
  return existsSync(WHOLE);
}

/**
 * Creates the network; what a killed command left of one is removed first.
 *
 * @param complete creates what belongs on it, before it counts as complete
 */
export async function ensureNetwork(complete: () => Promise<void>): Promise<void> {
  if (networkStands()) {
    return;
  }
  await destroyNetwork();
  await createNetwork();
  await complete();
  writeFileSync(WHOLE, "");
}

/** Removes the network; nothing to do is no error. */
export async function removeNetwork(): Promise<void> {
  rmSync(WHOLE, { force: true });
  await destroyNetwork();
}
