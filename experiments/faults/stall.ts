/**
 * A machine that is silent for some seconds and then goes on: a radio that looks for another access point, a router
 * that starts anew, a hypervisor that moves a machine. Its programs run on, so this is the network's part alone.
 *
 * Packets of both directions are dropped rather than held, which is the harder case: what was sent meanwhile has to
 * be sent again. The kernel of the machine ends it, to the millisecond and whoever is gone by then.
 */
import type { Stall } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { check } from "./network/script.ts";
import { drop, dropNoMore } from "./network/table.ts";
import { uplinkOf } from "./network/uplink.ts";

const KIND = "stall";
/** Before loss and partitions: what a stall takes counts for none of them. */
const FIRST = -20;

export const stall: FaultKind<Stall> = {
  describe: ({ machine, seconds }) => `drops all packets of ${machine} for ${seconds} s`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: async (site, { machine, seconds }) => {
    check(KIND, { name: "seconds", value: seconds, min: 0.001, max: 3600 });
    const { device } = await uplinkOf(site, machine);
    await site.onMachine(
      machine,
      drop({ kind: KIND, device, seconds, direction: "both", priority: FIRST }),
      { silences: true },
    );
  },
  recover: async (site, { machine }) => {
    await site.onMachine(machine, dropNoMore(KIND));
  },
};
