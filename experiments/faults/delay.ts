/**
 * A long line: half a continent (50 ms), or a satellite and a cell far away (200 ms), with a jitter as radio links
 * have it. Kernels without netem have no way to hold packets, so a program does (`experiments/relay`): rules of the
 * routing lead packets into its TUN device, and it sends them on a while later, with a mark by which the rules let them
 * pass. Packets keep their order, as they do on a line, where netem would let them overtake.
 *
 * Held is what the machine's own programs send by its uplink: WireGuard, and with it all that nodes and pods have to
 * say to those of other machines, SSH, pulls of images. Forwarded packets are not, such as what pods answer to visitors of
 * the machine itself: an address translation would take them for new connections. To hold what comes in, give the
 * other end the fault. Round trips grow by the delay of each machine on the way.
 *
 * Nothing of the machine's own is changed: the device, a table of its own and three rules are added, and they go when
 * the relay goes, whatever ended it. Packets have no more than the uplink's MTU, and whole checksums: the kernel does both
 * where a device offers to do neither. A machine with a strict reverse-path filter would refuse every answer, as it comes
 * in by another interface than it left by; the fault is refused there instead.
 */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import type { Delay, Readings } from "../model.ts";
import { archOf, ensureRelay, RELAY_REPORT, type RelayReport } from "../relay.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";
import { check, LONGEST, quoted, readings, script, undoing } from "./network/script.ts";
import { uplinkOf, type Uplink } from "./network/uplink.ts";

const KIND = "delay";
const UNIT = "fogline-delay.service";
const DEVICE = "fogdelay";
/** Of the relay, on the machine; `/run` may not hold programs. */
const FOLDER = "/var/lib/fogline-delay";
const REPORT = `${FOLDER}/report.json`;

/** Number of the table by which packets come into the relay, and the mark of those that it sends. */
const TABLE = 3846;
const MARK = "0xf06";
/** Numbers of the rules: after all that others add, e.g. `wg-quick`'s, but for the last ones, which are the kernel's. */
const RULES = { near: 32700, others: 32701, far: 32702 } as const;

/** Packets that wait in the relay at most: 200 ms of 600 Mbit/s in packets of 1500 bytes. */
const QUEUE = 10_000;

export const delay: FaultKind<Delay> = {
  describe: ({ machine, milliseconds, jitterMilliseconds }) =>
    `holds what ${machine} sends for ${milliseconds} ± ${jitterMilliseconds} ms`,
  subject: ({ machine }) => machine.toLowerCase(),
  prepare: async (site, { machine }) => {
    await programFor(site, machine);
  },
  inject: async (site, fault) => {
    const { machine, milliseconds, jitterMilliseconds } = fault;
    check(
      KIND,
      { name: "milliseconds", value: milliseconds, min: 0, max: 10_000 },
      { name: "jitterMilliseconds", value: jitterMilliseconds, min: 0, max: milliseconds },
    );
    const uplink = await uplinkOf(site, machine);
    if (uplink.isStrict) {
      throw new Error(
        `${machine} filters packets by the way back (net.ipv4.conf.${uplink.device}.rp_filter or all is 1), and would ` +
          `drop every answer. fix: sysctl -w net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.${uplink.device}.rp_filter=2`,
      );
    }
    await site.onMachine(machine, hold(fault, uplink, await programFor(site, machine)));
  },
  recover: async (site, { machine }) => {
    await site.onMachine(machine, HOLD_NO_MORE);
  },
  report: async (site, { machine }) => readings(KIND, machine, await measured(site, machine)),
};

/** Path of the relay for a machine's processor. */
async function programFor(site: Site, machine: string): Promise<string> {
  const arch = archOf(machine, await site.onMachine(machine, "uname -m"));
  return ensureRelay(arch, () => undefined);
}

function hold(fault: Delay, uplink: Uplink, program: string): string {
  return script(
    ["ip", "systemd-run", "base64", "gunzip"],
    "if [ ! -c /dev/net/tun ]; then",
    '  echo "the kernel has no TUN devices (/dev/net/tun), which the fault needs. fix: modprobe tun" >&2',
    "  exit 1",
    "fi",
    // One before, with another delay.
    `if systemctl is-active --quiet ${UNIT}; then systemctl stop ${UNIT}; fi`,
    `mkdir -p ${FOLDER}`,
    `rm -f ${REPORT}`,
    `base64 -d <<'PROGRAM' | gunzip >${FOLDER}/relay.part`,
    ...lines(gzipSync(readFileSync(program)).toString("base64")),
    "PROGRAM",
    `chmod 0755 ${FOLDER}/relay.part`,
    `mv ${FOLDER}/relay.part ${FOLDER}/relay`,
    `cat >${FOLDER}/end <<'END'`,
    ...leadPast(),
    "END",
    // Done when the relay has its device. It must wake up in time on a busy machine.
    `systemd-run --quiet --collect --unit=${UNIT} --nice=-10 --property=Type=notify \\`,
    `  --property=RuntimeMaxSec=${LONGEST} --property="ExecStopPost=/bin/bash ${FOLDER}/end" \\`,
    `  ${FOLDER}/relay ${relayArguments(fault, uplink.mtu).map(quoted).join(" ")}`,
    ...leadIn(uplink),
  );
}

/** What the relay is told. */
export function relayArguments(
  { milliseconds, jitterMilliseconds }: Delay,
  mtu: number,
  report = REPORT,
): string[] {
  return [
    ...[`-device=${DEVICE}`, `-mtu=${mtu}`, `-mark=${MARK}`, `-limit=${QUEUE}`],
    ...[`-delay=${milliseconds}ms`, `-jitter=${jitterMilliseconds}ms`, `-report=${report}`],
  ];
}

/**
 * Lines that lead what the machine's own programs send by its uplink into the relay: to neighbours, then not what
 * a route of its own leads elsewhere, as into the overlay or to pods, then what is left, the default route's.
 */
export function leadIn({ address, subnets }: Pick<Uplink, "address" | "subnets">): string[] {
  const own = `fwmark 0/${MARK} iif lo`;
  return [
    `ip -4 route replace default dev ${DEVICE} src ${address} table ${TABLE}`,
    ...subnets.map(
      (subnet) => `ip -4 rule add pref ${RULES.near} ${own} to ${subnet} lookup ${TABLE}`,
    ),
    `ip -4 rule add pref ${RULES.others} ${own} lookup main suppress_prefixlength 0`,
    `ip -4 rule add pref ${RULES.far} ${own} lookup ${TABLE}`,
  ];
}

/**
 * Lines that lead packets past it again; the route goes with the relay's device. Two may do it at the same time, as
 * systemd does it when the relay ends: a rule that is gone meanwhile is no failure, one that stays is.
 */
export function leadPast(): string[] {
  return [
    `for pref in ${Object.values(RULES).join(" ")}; do`,
    '  while ip -4 rule del pref "$pref" 2>/dev/null; do :; done',
    '  [ -z "$(ip -4 rule list pref "$pref")" ]',
    "done",
  ];
}

/** Ends the relay, which sends on what it holds. systemd removes the rules when it has ended, however it did. */
const STOP = [
  `if systemctl is-active --quiet ${UNIT}; then systemctl stop ${UNIT}; fi`,
  ...leadPast(),
];

const HOLD_NO_MORE = undoing("ip", `if [ -d ${FOLDER} ]; then`, ...STOP, `  rm -r ${FOLDER}`, "fi");

async function measured(site: Site, machine: string): Promise<Readings> {
  const text = await site.onMachine(
    machine,
    script(
      ["ip"],
      // Packets that came while the relay did not read.
      `missed=$(cat /sys/class/net/${DEVICE}/statistics/tx_dropped) || {`,
      '  echo "the relay has ended before its time: packets were not held. Its last words: journalctl -u fogline-delay" >&2',
      "  exit 1",
      "}",
      ...STOP,
      `cat ${REPORT}`,
      'echo "$missed"',
    ),
  );
  const [report = "", missed = ""] = text.trim().split("\n");
  return numbersOf(RELAY_REPORT.parse(JSON.parse(report)), Number(missed));
}

function numbersOf(report: RelayReport, missed: number): Readings {
  const { packets, bytes, dropped, refused, asked, given, cpuSeconds, seconds, memoryKiB } = report;
  return {
    ...{ packets, bytes, dropped: dropped + missed, refused },
    ...{ asked_mean_ms: asked.mean, asked_p99_ms: asked.p99 },
    ...{ given_mean_ms: given.mean, given_p99_ms: given.p99, given_max_ms: given.max },
    ...{ relay_cpu_s: cpuSeconds, relay_s: seconds, relay_memory_kib: memoryKiB },
  };
}

/** Base64 in lines, as programs that read lines want it. */
function lines(text: string): readonly string[] {
  return text.match(/.{1,76}/g) ?? [];
}
