/** What scripts that impair a machine's network have in common. */
import type { Readings, Seconds } from "../../model.ts";

/**
 * Seconds after which a fault ends by itself on its machine, where nobody has undone it: whoever ran the experiment
 * may be gone. Twice as long as the longest cell.
 */
export const LONGEST: Seconds = 7200;

/** Debian packages of the programs that faults call. */
const PACKAGES = {
  nft: "nftables",
  ip: "iproute2",
  tc: "iproute2",
  wg: "wireguard-tools",
  "systemd-run": "systemd",
  base64: "coreutils",
  gunzip: "gzip",
} as const;
export type Program = keyof typeof PACKAGES;

/** A script that ends at its first failure, and at once where the machine lacks programs, all of which it names. */
export function script(programs: readonly Program[], ...lines: readonly string[]): string {
  const packages = programs.map((program) => `${program}:${PACKAGES[program]}`).join(" ");
  return [
    "set -euo pipefail",
    "lacking=",
    `for each in ${packages}; do`,
    '  command -v "${each%:*}" >/dev/null || lacking+=" $each"',
    "done",
    'if [ -n "$lacking" ]; then',
    '  echo "the fault needs programs that are not on this machine:${lacking//:/ of the package }. fix: apt-get install them there" >&2',
    "  exit 1",
    "fi",
    ...lines,
    "",
  ].join("\n");
}

/**
 * The same where a fault is undone: without the program nothing of it can be in force.
 *
 * @param lines what undoes it, and does nothing where it is undone
 */
export function undoing(program: Program, ...lines: readonly string[]): string {
  return ["set -euo pipefail", `command -v ${program} >/dev/null || exit 0`, ...lines, ""].join(
    "\n",
  );
}

/** One word of a shell command, whatever characters it has. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A line that has the machine's systemd run a command when the fault has lasted too long.
 *
 * @param seconds how long that is; default: two hours
 */
export function endsItself(unit: string, command: string, seconds: Seconds = LONGEST): string {
  const timer = `--quiet --collect --unit=${unit} --on-active=${seconds} --timer-property=AccuracySec=1s`;
  return `systemd-run ${timer} /bin/bash -c ${quoted(command)}`;
}

/** Lines that take the timer of {@link endsItself} away. */
export function endsNoMore(unit: string): string {
  return `if systemctl is-active --quiet ${unit}.timer; then systemctl stop ${unit}.timer; fi`;
}

/** A number of a fault, with what it must be. */
export interface Bound {
  readonly name: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** @throws Error naming each number that is out of its bounds, and the bounds */
export function check(kind: string, ...bounds: readonly Bound[]): void {
  const wrong = bounds.filter(({ value, min, max }) => !(value >= min && value <= max));
  if (wrong.length > 0) {
    const each = wrong.map(
      ({ name, value, min, max }) => `${kind}.${name} ${value} must be ${min} to ${max}`,
    );
    throw new Error(each.join("; "));
  }
}

/** Readings under names of columns, each with the fault's kind and machine. */
export function readings(kind: string, machine: string, numbers: Readings): Readings {
  const prefix = column(kind, machine);
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [`${prefix}_${name}`, value]),
  );
}

/** A column's name of some words. */
export function column(...words: readonly string[]): string {
  return words
    .join("_")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_");
}
