/**
 * A machine is restarted in order, as after an update of its kernel. Its services are stopped one by one, which tells
 * the other ends of their connections; then it comes back by itself, and its node joins with what its disk has.
 */
import { setTimeout as pause } from "node:timers/promises";

import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";

/** On a file system that each boot makes anew: it is gone when the machine has been restarted. */
const MARK = "/run/fogline-fault-reboot";
/** Seconds that a restart may take; a lab's machine takes 10, a Raspberry Pi 60. */
const LIMIT = 300;

export const reboot: FaultKind<Extract<Fault, { kind: "reboot" }>> = {
  describe: ({ machine }) => `restarts ${machine}`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: async (site, { machine }) => {
    const script = `set -e\ntouch ${MARK}\nsystemctl --no-block reboot`;
    await site.onMachine(machine, script, { silences: true });
  },
  recover: (site, { machine }) => cameBack(site, machine),
};

async function cameBack(site: Site, machine: string, limit = LIMIT): Promise<void> {
  const end = performance.now() + limit * 1000;
  let last = "";
  while (performance.now() < end) {
    try {
      if ((await site.onMachine(machine, `test -e ${MARK} || echo up`)).trim() === "up") {
        return;
      }
      last = "it has not gone down";
    } catch (error) {
      // Between the two it cannot be asked.
      last = error instanceof Error ? error.message : String(error);
    }
    await pause(500);
  }
  await site.powerOff(machine);
  await site.powerOn(machine);
  throw new Error(
    `${machine} did not come back by itself within ${limit} s (${last}); its power was taken and given back`,
  );
}
