/** Machines of the lab: systemd-nspawn containers with a network, limits and a disk of their own. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa } from "execa";

import { replaceFile } from "../files.ts";
import { MACHINES, RUN } from "../layout.ts";
import { readPidFile, signalAll, startDaemon } from "../processes.ts";
import { lastLines } from "../progress.ts";
import { createGroups, members, removeGroups, unified } from "./cgroup.ts";
import { createDisk, diskOf, writeNetwork } from "./disk.ts";
import { inNamespace, namespacePath } from "./namespace.ts";
import { ensureRoot } from "./root.ts";
import type { MachineSpec } from "./spec.ts";

/** What a script on a machine came to. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Seconds a machine may take from power to SSH; seen: 3 to 8. */
const BOOT_SECONDS = 90;

/**
 * Boots a machine and waits until its SSH port answers. A running one is left alone; one that was
 * cut off boots from the disk it has.
 *
 * @throws when SSH does not answer in time, with the last lines of the machine's console
 */
export async function boot(spec: MachineSpec): Promise<void> {
  if (readPidFile(pidFile(spec.name)) === undefined) {
    await mkdir(MACHINES, { recursive: true, mode: 0o755 });
    await createDisk(spec, await ensureRoot(() => undefined));
    await writeNetwork(diskOf(spec.name), spec);
    replaceFile(specFile(spec.name), JSON.stringify(spec));
    // A command that was killed may have started it and recorded nothing.
    await halt(spec.name);
    await start(spec);
  }
  await answering(spec);
}

/** Gives a machine that was cut off its power back: it boots as it was last ordered. */
export async function powerOn(name: string): Promise<void> {
  await boot(await orderOf(name));
}

/** Machines that were ordered and have a disk, and do not run: nobody took them, their power went. */
export async function poweredOff(): Promise<MachineSpec[]> {
  const names = (await existing()).filter(
    (name) =>
      existsSync(diskOf(name)) &&
      existsSync(specFile(name)) &&
      readPidFile(pidFile(name)) === undefined,
  );
  return Promise.all(names.map(orderOf));
}

/** Disks of machines that nobody ordered here: of a checkout that is gone, or never booted. */
export async function strayDisks(): Promise<string[]> {
  return (await existing()).filter((name) => !existsSync(specFile(name)));
}

async function orderOf(name: string): Promise<MachineSpec> {
  return JSON.parse(await readFile(specFile(name), "utf8")) as MachineSpec;
}

/** Cuts a machine's power: everything on it dies at once, its disk stays. */
export async function halt(name: string): Promise<void> {
  const leader = leaderOf(name);
  if (leader !== undefined) {
    process.kill(leader, "SIGKILL");
  }
  const deadline = performance.now() + 20_000;
  while (readPidFile(pidFile(name)) !== undefined || members(name).length > 0) {
    signalAll(members(name), "SIGKILL");
    if (performance.now() > deadline) {
      throw new Error(`${name}: processes ${members(name).join(", ")} do not end on SIGKILL`);
    }
    await pause(50);
  }
  await rm(pidFile(name), { force: true });
}

/**
 * Takes a machine's network, then its power. A kernel that lives on, as that of the lab's machines does, tells
 * the other ends of a dead process's connections; a machine without power tells nobody.
 */
export async function cutOff(name: string): Promise<void> {
  const { namespace } = await orderOf(name);
  // Gone already where the machine is off: its end of the pair went with it.
  await inNamespace(
    namespace,
    `if ip link show vb-${name} >/dev/null 2>&1; then ip link set vb-${name} down; fi`,
  );
  await halt(name);
}

/** Removes a machine with its disk; nothing to do is no error. */
export async function erase(name: string): Promise<void> {
  await halt(name);
  removeGroups(name);
  await rm(diskOf(name), { recursive: true, force: true });
  await rm(join(MACHINES, `.${name}.part`), { recursive: true, force: true });
  await rm(join(MACHINES, `.#${name}.lck`), { force: true });
}

/** Names of the machines whose disk stands here, running or not. */
export async function existing(): Promise<string[]> {
  return existsSync(MACHINES)
    ? (await readdir(MACHINES))
        // systemd-nspawn keeps its lock beside a disk while the machine runs.
        .filter((name) => !name.startsWith(".#"))
        .map((name) => name.replace(/^\.(.*)\.part$/, "$1"))
    : [];
}

/** Names of the machines that run. */
export async function running(): Promise<string[]> {
  return (await existing()).filter((name) => readPidFile(pidFile(name)) !== undefined);
}

/**
 * Runs a shell script as root on a machine, from beside it: the cloud's control channel, not its
 * network.
 *
 * @throws when the machine does not run
 */
export async function runInside(name: string, script: string): Promise<Ran> {
  const leader = leaderOf(name);
  if (leader === undefined) {
    throw new Error(`the machine ${name} does not run`);
  }
  const { exitCode, stdout, stderr } = await execa(
    "nsenter",
    [`--target=${leader}`, "--all", "bash", "-c", "cd / && exec bash -s"],
    {
      input: script,
      reject: false,
      extendEnv: false,
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        LANG: "C.UTF-8",
      },
    },
  );
  return { exitCode: exitCode ?? 255, stdout, stderr };
}

/** A machine whose power was cut leaves its cable in the wall for as long as the kernel likes. */
async function unplug({ name, namespace }: MachineSpec): Promise<void> {
  const link = `vb-${name}`;
  await inNamespace(
    namespace,
    `if ip link show ${link} >/dev/null 2>&1; then ip link delete ${link} || ! ip link show ${link}; fi`,
  );
}

async function start(spec: MachineSpec): Promise<void> {
  await unplug(spec);
  const groups = createGroups(spec.name, spec);
  const devices = ["/dev/net/tun", "/dev/kmsg", "/dev/fuse"].filter((path) => existsSync(path));
  // systemd 257 refuses cgroup v1 by default.
  const init = unified() ? [] : ["SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"];
  await startDaemon({
    command: "bash",
    args: [
      "-euc",
      // The process joins the groups before it becomes the machine, which then grows inside them.
      // With --keep-unit, 133 is how systemd-nspawn says that the machine wants to be rebooted.
      'groups=$1; shift; for file in $groups; do echo $$ >"$file"; done; ' +
        'code=133; while [ $code = 133 ]; do code=0; "$@" || code=$?; done; exit $code',
      "machine",
      groups.join(" "),
      "nsenter",
      `--net=${namespacePath(spec.namespace)}`,
      "systemd-nspawn",
      "--quiet",
      `--directory=${diskOf(spec.name)}`,
      `--machine=${spec.name}`,
      "--boot",
      "--register=no",
      "--keep-unit",
      "--network-veth",
      `--network-bridge=${spec.bridge}`,
      "--capability=all",
      "--private-users=no",
      "--system-call-filter=add_key keyctl bpf",
      "--resolv-conf=off",
      "--timezone=off",
      "--link-journal=no",
      "--console=pipe",
      ...devices.map((path) => `--bind=${path}`),
      ...init,
    ],
    pidFile: pidFile(spec.name),
    logFile: logFile(spec.name),
    env: {
      PATH: process.env["PATH"],
      SYSTEMD_NSPAWN_USE_CGNS: "1",
      SYSTEMD_NSPAWN_API_VFS_WRITABLE: "1",
    },
  });
}

/** Asked on the machine itself: who may reach it over the network is its owner's affair. */
async function answering(spec: MachineSpec): Promise<void> {
  const deadline = performance.now() + BOOT_SECONDS * 1000;
  for (;;) {
    const leader = leaderOf(spec.name);
    if (leader !== undefined && (await sshAnswers(leader))) {
      return;
    }
    const lost = readPidFile(pidFile(spec.name)) === undefined;
    if (lost || performance.now() > deadline) {
      const why = lost ? "ended while it booted" : `has no SSH after ${BOOT_SECONDS} s`;
      const log = logFile(spec.name);
      const end = lastLines(readFileSync(log, "utf8"), 15);
      throw new Error(`the machine ${spec.name} ${why}; the end of ${log}:\n${end}`);
    }
    await pause(200);
  }
}

async function sshAnswers(leader: number): Promise<boolean> {
  const probe = "exec 3<>/dev/tcp/127.0.0.1/22 && read -r -t 1 <&3";
  const { exitCode } = await execa(
    "nsenter",
    [`--target=${leader}`, "--net", "timeout", "1", "bash", "-c", probe],
    { reject: false },
  );
  return exitCode === 0;
}

/** The process that is a running machine's init, seen from the host. */
function leaderOf(name: string): number | undefined {
  const supervisor = readPidFile(pidFile(name))?.pid;
  return supervisor === undefined
    ? undefined
    : childrenOf(supervisor)
        .flatMap(childrenOf)
        .find((pid) => /^NSpid:\s+\d+\s+1$/m.test(procFile(pid, "status")));
}

function childrenOf(pid: number): number[] {
  return procFile(pid, `task/${pid}/children`).split(" ").filter(Boolean).map(Number);
}

function procFile(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    // It ended meanwhile, so it is no leader and has no children.
    return "";
  }
}

function pidFile(name: string): string {
  return join(RUN, "machines", `${name}.pid`);
}

function specFile(name: string): string {
  return join(RUN, "machines", `${name}.json`);
}

function logFile(name: string): string {
  return join(RUN, "log", `${name}.log`);
}
