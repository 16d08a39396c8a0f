/**
 * A narrow line: what a machine sends queues up as in the modem of a home, and is dropped where the queue is full.
 * `tc`'s token bucket (tc-tbf(8)) with a queue of 50 ms, as the lab's homes have on their own uplinks.
 *
 * It takes the place of what the interface queues with by itself, which the kernel puts back. An interface that was
 * given another queueing discipline keeps it, and the fault is refused there.
 */
import type { Rate } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { check, endsItself, endsNoMore, script, undoing } from "./network/script.ts";
import { uplinkOf } from "./network/uplink.ts";

const KIND = "rate";
/** By which the discipline is known as this fault's. The kernel's own ones have 0. */
const HANDLE = "f06:";
/** What may leave at once; a packet of 64 kB, as the kernel makes them for speed, is cut where it is larger. */
const BURST = "32kb";
const QUEUE = "50ms";
const TIMER = "fogline-rate-end";

export const rate: FaultKind<Rate> = {
  describe: ({ machine, mbit }) => `limits what ${machine} sends to ${mbit} Mbit/s`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: async (site, { machine, mbit }) => {
    check(KIND, { name: "mbit", value: mbit, min: 0.1, max: 100_000 });
    const { device } = await uplinkOf(site, machine);
    await site.onMachine(machine, limit(device, mbit));
  },
  recover: async (site, { machine }) => {
    await site.onMachine(machine, NO_LIMIT);
  },
};

function limit(device: string, mbit: number): string {
  const kbit = Math.round(mbit * 1000);
  return script(
    ["tc", "systemd-run"],
    `there=$(tc qdisc show dev ${device} root)`,
    `if [[ $there != *" 0: root "* && $there != *" ${HANDLE} root "* ]]; then`,
    `  echo "${device} has a queueing discipline of its own, which the fault would take away: $there. fix: tc qdisc del dev ${device} root, if nobody needs it" >&2`,
    "  exit 1",
    "fi",
    `tc qdisc replace dev ${device} root handle ${HANDLE} tbf rate ${kbit}kbit burst ${BURST} latency ${QUEUE}`,
    endsNoMore(TIMER),
    endsItself(TIMER, `tc qdisc del dev ${device} root handle ${HANDLE}`),
  );
}

/** On whichever interface it is: the default route may lead elsewhere by now. */
const NO_LIMIT = undoing(
  "tc",
  endsNoMore(TIMER),
  `tc qdisc show | awk '$3 == "${HANDLE}" { print $5 }' | while read -r device; do`,
  `  tc qdisc del dev "$device" root handle ${HANDLE}`,
  "done",
);
