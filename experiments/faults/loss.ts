/**
 * A line that loses packets, each by chance and none because of the one before: a bad radio link, a bad plug, an
 * uplink that others fill. TCP and WireGuard's handshakes send again; a ping that asks once is gone.
 *
 * Dropped on the machine itself, where nftables sees packets first and last. What is dropped before the kernel cuts a
 * large piece of TCP or WireGuard into packets is lost as a whole: losses of bulk traffic come in bursts. A program
 * of the machine itself hears of a TCP packet that was dropped on its way out, and sends it again sooner than one
 * that was lost on the line; WireGuard, as any program of UDP, hears nothing.
 */
import type { Loss } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { check, LONGEST, readings } from "./network/script.ts";
import { counters, drop, dropNoMore, readCounters } from "./network/table.ts";
import { uplinkOf } from "./network/uplink.ts";

const KIND = "loss";
const WAYS = { in: "that reach", out: "that leave", both: "to and from" } as const;

export const loss: FaultKind<Loss> = {
  describe: ({ machine, percent, direction }) =>
    `loses ${percent} % of the packets ${WAYS[direction]} ${machine}`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: async (site, { machine, percent, direction, limitSeconds: seconds = LONGEST }) => {
    check(KIND, { name: "percent", value: percent, min: 0.01, max: 100 });
    const { device } = await uplinkOf(site, machine);
    const of10000 = Math.round(percent * 100);
    await site.onMachine(machine, drop({ kind: KIND, device, seconds, direction, of10000 }));
  },
  recover: async (site, { machine }) => {
    await site.onMachine(machine, dropNoMore(KIND));
  },
  report: async (site, { machine }) =>
    readings(KIND, machine, readCounters(await site.onMachine(machine, counters(KIND)))),
};
