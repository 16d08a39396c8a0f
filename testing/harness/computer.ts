/**
 * A second computer inside this one. A computer has room for one lab: names of namespaces, folders and
 * control groups exist once. A second one has these for itself, so that two labs stand side by side; the
 * lab does not know about it. It has no network beyond its own loopback interface: what a lab is made of
 * must be in the cache. The processor, the disk and the cache are shared.
 *
 * Usage, for one that a test run left standing:
 *   node --import tsx testing/harness/computer.ts run NAME COMMAND …
 *   node --import tsx testing/harness/computer.ts end NAME
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa } from "execa";

import { PROJECT } from "../../lab/layout.ts";
import {
  createGroups,
  groupsOf,
  members,
  removeGroups,
  unified,
} from "../../lab/machines/cgroup.ts";
import { readPidFile, signalAll, startDaemon } from "../../lab/processes.ts";
import { lastLines } from "../../lab/progress.ts";

const USAGE = "usage: testing/harness/computer.ts run NAME COMMAND … | end NAME";

const COMPUTERS = join(PROJECT, ".fogline", "computers");
const INIT = join(import.meta.dirname, "computer.sh");
/** Beside the group of the first lab's machines: inside it, a whole lab would get one machine's share. */
const GROUP = "fogline-computers";
/** Group of the computer's own processes where control groups are unified: one with children holds none. */
const LEAF = "init";
/** Seconds in which a computer must be ready, and in which killed processes must be gone. */
const PATIENCE = 120;
/** How often it is looked, in milliseconds. */
const LOOK = 50;

/** Joins control groups, enters the namespaces, and goes to where the checkout is in there. */
const ENTER =
  'for file in $1; do echo $$ >"$file"; done; init=$2 folder=$3; shift 3; ' +
  `exec nsenter --target="$init" --all bash -c 'cd "$1"; shift; exec "$@"' enter "$folder" "$@"`;

/** Where what a second computer's lab notes in the checkout is found from outside. */
export function checkoutOf(name: string): string {
  return join(COMPUTERS, name, "checkout");
}

/**
 * Starts a second computer; one of the same name that an earlier run left is ended first.
 *
 * @throws Error with what its first process said when it does not start
 */
export async function beginComputer(name: string): Promise<void> {
  await endComputer(name);
  for (const folder of ["machines", "checkout"]) {
    mkdirSync(join(COMPUTERS, name, folder), { recursive: true });
  }
  // All of them, whatever this process may use: a group cannot give more than it has to those of the machines in it.
  const all = { cpus: cpus().length, memoryMiB: Math.floor(totalmem() / 2 ** 20) };
  const groups = createGroups(name, all, GROUP);
  const namespaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup"];
  await startDaemon({
    command: "bash",
    args: [
      ...["-euc", 'for file in $1; do echo $$ >"$file"; done; shift; exec "$@"', "computer"],
      ...[groups.join(" "), "unshare", ...namespaces],
      ...["--fork", "--kill-child", "--mount-proc", INIT, PROJECT, join(COMPUTERS, name)],
      ...groupsOf(name, GROUP).map(({ hierarchy, group }) => `${hierarchy}=${group}`),
    ],
    pidFile: pidFile(name),
    logFile: logFile(name),
  });
  await until(`the computer ${name} to be ready`, () => {
    const said = readFileSync(logFile(name), "utf8");
    if (readPidFile(pidFile(name)) === undefined) {
      throw new Error(`the computer ${name} does not start:\n${lastLines(said, 20)}`);
    }
    return said.includes("ready\n");
  });
}

/** A command as it is run on a second computer, with this computer's environment and output. */
export function commandOn(name: string, command: readonly string[]): string[] {
  const below = unified() ? LEAF : "";
  const files = groupsOf(name, GROUP).map(({ group }) => join(group, below, "cgroup.procs"));
  const init = String(initOf(name));
  return ["bash", "-euc", ENTER, "enter", files.join(" "), init, PROJECT, ...command];
}

/** Ends a second computer with all of its processes and disks; nothing to do is no error. */
export async function endComputer(name: string): Promise<void> {
  await until(`processes of the computer ${name} to end`, () => {
    const left = [...members(name, GROUP), readPidFile(pidFile(name))?.pid ?? []].flat();
    signalAll(left, "SIGKILL");
    return left.length === 0;
  });
  removeGroups(name, GROUP);
  rmSync(join(COMPUTERS, name), { recursive: true, force: true });
}

/** The computer's first process, seen from outside. */
function initOf(name: string): number {
  const parent = readPidFile(pidFile(name))?.pid;
  const init =
    parent === undefined ? "" : readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8");
  if (init.trim() === "") {
    throw new Error(`the computer ${name} does not run; see ${logFile(name)}`);
  }
  return Number(init);
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE * 1000;
  while (!holds()) {
    if (performance.now() > deadline) {
      throw new Error(`waited ${PATIENCE} s for ${what}`);
    }
    await pause(LOOK);
  }
}

function pidFile(name: string): string {
  return join(COMPUTERS, name, "pid");
}

function logFile(name: string): string {
  return join(COMPUTERS, name, "log");
}

/** Ends the computer, or runs a command on it. */
async function main([action, name, ...command]: readonly string[]): Promise<number> {
  if (action === "end" && name !== undefined && command.length === 0) {
    await endComputer(name);
    return 0;
  }
  if (action === "run" && name !== undefined && command.length > 0) {
    const [program = "", ...args] = commandOn(name, command);
    const { exitCode } = await execa(program, args, { stdio: "inherit", reject: false });
    return exitCode ?? 1;
  }
  console.error(USAGE);
  return 2;
}

if (process.argv[1] === import.meta.filename) {
  process.exitCode = await main(process.argv.slice(2));
}
