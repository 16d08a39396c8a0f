/** What the parts of a node cost: time of the processor, memory and traffic, by the counters of its kernel. */
import { column } from "../faults/network/script.ts";
import type { Probe, Readings } from "../model.ts";

/** Parts by the names of their processes; a process counts for the first that has it. */
const PARTS: readonly (readonly [name: string, process: RegExp])[] = [
  ["k3s", /^k3s/],
  ["containerd", /^containerd/],
  // In the kernel, WireGuard's work is nobody's process.
  ["overlay", /^(wireguard-go|netclient)/],
  // The script, and the pings that it listens to.
  ["reach", /^(fogline-k3s-rea|ping)/],
  ["ingress", /^traefik/],
  ["website", /^node$/],
  // The fault itself.
  ["relay", /^relay$/],
];

/**
 * Prints the processor time of all of the machine in nanoseconds, by its control group, as a machine of the lab shares
 * the kernel with others; then processes and interfaces, a line each.
 */
const LOOK = `set -euo pipefail
for file in /sys/fs/cgroup/cpuacct/cpuacct.usage /sys/fs/cgroup/cpu.stat; do
  if [ -r "$file" ]; then
    awk '$1 == "usage_usec" { print "cpu", $2 * 1000 } NF == 1 { print "cpu", $1 }' "$file"
    break
  fi
done
echo "ticks $(getconf CLK_TCK)"
echo "page $(getconf PAGESIZE)"
echo "uplink $(ip -4 route show default | sed -n 's/^default .*dev \\([^ ]*\\).*/\\1/p' | head -n 1)"
for file in /proc/[0-9]*/stat; do
  # One that has ended meanwhile has no line.
  { read -r line <"$file"; } 2>/dev/null && echo "process $line" || true
done
sed -n 's/^ *\\([^ :]*\\):/interface \\1 /p' /proc/net/dev
`;

interface Process {
  readonly name: string;
  /** Seconds since its start. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
}

interface Traffic {
  readonly received: number;
  readonly sent: number;
}

/** Counters of a machine at one moment. */
export interface Counters {
  /** Seconds of all of its processors. */
  readonly cpu: number;
  /** By number and time of start, so that a number that is given again is another process. */
  readonly processes: ReadonlyMap<string, Process>;
  /** Bytes, by interface. */
  readonly traffic: ReadonlyMap<string, Traffic>;
  readonly uplink: string;
}

/** Reads what {@link LOOK} printed. */
export function readCounters(text: string): Counters {
  const rows = text.split("\n").map((line) => /^(\S+) ?(.*)$/.exec(line) ?? ["", "", ""]);
  const of = (kind: string): string[] =>
    rows.flatMap(([, name, rest = ""]) => (name === kind ? [rest] : []));
  const [ticks = NaN] = of("ticks").map(Number);
  const [page = NaN] = of("page").map(Number);
  return {
    cpu: Number(of("cpu")[0]) / 1e9,
    processes: new Map(of("process").flatMap((line) => processOf(line, ticks, page))),
    traffic: new Map(
      of("interface").map((line) => {
        // Eight columns of what was received, then eight of what was sent (proc_pid_net(5)).
        const [name = "", ...numbers] = line.trim().split(/\s+/);
        return [name, { received: Number(numbers[0]), sent: Number(numbers[8]) }];
      }),
    ),
    uplink: of("uplink")[0] ?? "",
  };
}

/** A line of `/proc/<pid>/stat` (proc_pid_stat(5)); the name stands in parentheses and may have any character. */
function processOf(line: string, ticks: number, page: number): [string, Process][] {
  const [, pid, name, rest] = /^(\d+) \((.*)\) (.*)$/.exec(line) ?? [];
  if (pid === undefined || name === undefined || rest === undefined) {
    return [];
  }
  // From the third field on: state is 0, so utime 11, stime 12, starttime 19 and rss 21.
  const fields = rest.split(" ");
  const field = (n: number): number => Number(fields[n]);
  const cpu = (field(11) + field(12)) / ticks;
  return [[`${pid} ${fields[19] ?? ""}`, { name, cpu, memory: (field(21) * page) / 2 ** 20 }]];
}

/**
 * What a machine did between two readings: processor time in cores and traffic in kbit/s on average, memory in MiB at
 * the end. `rest` is what no part has used, processes that have ended meanwhile among it.
 */
export function costOf(before: Counters, after: Counters, seconds: number): Readings {
  const cpu = (after.cpu - before.cpu) / seconds;
  const parts = PARTS.map(([name]) => {
    const own = [...after.processes].filter(([, process]) => partOf(process) === name);
    const used = own.map(([id, process]) => process.cpu - (before.processes.get(id)?.cpu ?? 0));
    return {
      name,
      cpu: sum(used) / seconds,
      memory: sum(own.map(([, process]) => process.memory)),
    };
  });
  const traffic = (name: string, way: keyof Traffic): number =>
    (((after.traffic.get(name)?.[way] ?? 0) - (before.traffic.get(name)?.[way] ?? 0)) * 8) /
    1000 /
    seconds;
  return {
    cpu_cores: cpu,
    ...Object.fromEntries(
      parts.flatMap(({ name, cpu: used, memory }) => [
        [`${name}_cpu_cores`, used],
        [`${name}_memory_mib`, memory],
      ]),
    ),
    rest_cpu_cores: cpu - sum(parts.map((part) => part.cpu)),
    sent_kbit_s: traffic(after.uplink, "sent"),
    received_kbit_s: traffic(after.uplink, "received"),
  };
}

function partOf({ name }: Process): string | undefined {
  return PARTS.find(([, process]) => process.test(name))?.[0];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

/** Reads the cost of these machines, each number under `<machine>_…`. */
export function cost(machines: readonly string[]): Probe {
  return {
    begin: async (site, now) => {
      const look = async (machine: string): Promise<Counters & { readonly at: number }> => ({
        ...readCounters(await site.onMachine(machine, LOOK)),
        at: now(),
      });
      const befores = await Promise.all(machines.map(look));
      return async () => {
        const afters = await Promise.all(machines.map(look));
        return Object.fromEntries(
          machines.flatMap((machine, n) => {
            const [before, after] = [befores[n], afters[n]];
            return before === undefined || after === undefined
              ? []
              : Object.entries(costOf(before, after, after.at - before.at)).map(([name, value]) => [
                  column(machine, name),
                  value,
                ]);
          }),
        );
      };
    },
  };
}

/** Names of all parts, for measures. */
export const PART_NAMES = PARTS.map(([name]) => name);
