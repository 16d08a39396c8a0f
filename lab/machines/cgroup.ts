/**
 * Limits of machines on hosts with cgroup v1 controllers and with cgroup v2.
 *
 * systemd-nspawn without a session manager sets no limits by itself, so the process is put into a
 * control group of ours before it starts, and the machine's tree grows inside that.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const TOP = "/sys/fs/cgroup";
/** Name of the group that those of the lab's machines are made in. */
const MACHINES_GROUP = "fogline";
/** Microseconds in which a CPU quota is measured out; the kernel's own default. */
const PERIOD = 100_000;

/** What a machine may use. */
export interface Limits {
  /** Processors; fractions allowed. */
  readonly cpus: number;
  readonly memoryMiB: number;
}

/** Whether this host has the unified hierarchy alone. */
export function unified(): boolean {
  return existsSync(join(TOP, "cgroup.controllers"));
}

/** Controllers that are mounted one by one (cgroup v1). */
export function controllers(): string[] {
  return unified()
    ? []
    : readdirSync(TOP).filter(
        (name) => !["systemd", "unified"].includes(name) && existsSync(join(TOP, name, "tasks")),
      );
}

/**
 * Hierarchies of a cgroup v1 host that a machine gets a group in. The unified one among them holds
 * no limits, but kubelets look for their pods there: in a shared one they would see each other's.
 */
function hierarchies(): string[] {
  return [...controllers(), "systemd", "unified"].filter((name) =>
    existsSync(join(TOP, name, "cgroup.procs")),
  );
}

/**
 * Makes the machine's control groups with its limits; returns the files that a process joins by.
 *
 * @param top the group that those of all machines are made in: they share the processor with each other as
 * one program does with others
 */
export function createGroups(machine: string, limits: Limits, top = MACHINES_GROUP): string[] {
  const quota = String(Math.round(limits.cpus * PERIOD));
  const bytes = String(limits.memoryMiB * 1024 * 1024);
  if (unified()) {
    const parent = join(TOP, top);
    mkdirSync(parent, { recursive: true });
    // Only a group without processes of its own may hand controllers down.
    writeFileSync(join(TOP, "cgroup.subtree_control"), "+cpu +memory +pids");
    writeFileSync(join(parent, "cgroup.subtree_control"), "+cpu +memory +pids");
    const group = join(parent, machine);
    mkdirSync(group, { recursive: true });
    writeFileSync(join(group, "cpu.max"), `${quota} ${PERIOD}`);
    writeFileSync(join(group, "memory.max"), bytes);
    return [join(group, "cgroup.procs")];
  }
  return hierarchies().map((controller) => {
    const parent = join(TOP, controller, top);
    const group = join(parent, machine);
    mkdirSync(group, { recursive: true });
    if (controller === "cpuset") {
      for (const file of ["cpuset.cpus", "cpuset.mems"]) {
        writeFileSync(join(parent, file), readFileSync(join(TOP, controller, file)));
        writeFileSync(join(group, file), readFileSync(join(TOP, controller, file)));
      }
    }
    if (controller.split(",").includes("cpu")) {
      writeFileSync(join(group, "cpu.cfs_period_us"), String(PERIOD));
      writeFileSync(join(group, "cpu.cfs_quota_us"), quota);
    }
    if (controller === "memory") {
      writeFileSync(join(group, "memory.limit_in_bytes"), bytes);
    }
    return join(group, "cgroup.procs");
  });
}

/** The machine's control group in each hierarchy that it has one in. */
export function groupsOf(
  machine: string,
  top = MACHINES_GROUP,
): { hierarchy: string; group: string }[] {
  const hierarchiesOfHost = unified() ? [TOP] : hierarchies().map((name) => join(TOP, name));
  return hierarchiesOfHost
    .map((hierarchy) => ({ hierarchy, group: join(hierarchy, top, machine) }))
    .filter(({ group }) => existsSync(group));
}

/** Process ids in the machine's control groups, those of its containers included. */
export function members(machine: string, top = MACHINES_GROUP): number[] {
  const controller = unified() ? "" : "pids";
  const group = join(TOP, controller, top, machine);
  return below(group).flatMap((folder) => pidsOf(folder));
}

/** Removes the machine's control groups; its processes must be gone. */
export function removeGroups(machine: string, top = MACHINES_GROUP): void {
  for (const { hierarchy, group } of groupsOf(machine, top)) {
    // The innermost first: a group with groups inside cannot go.
    below(group)
      .reverse()
      .forEach((folder) => {
        rmdirSync(folder);
      });
    const parent = join(hierarchy, top);
    if (subfolders(parent).length === 0) {
      rmdirSync(parent);
    }
  }
}

/** A group and everything inside it, outermost first. */
function below(group: string): string[] {
  return [group, ...subfolders(group).flatMap((name) => below(join(group, name)))];
}

function subfolders(folder: string): string[] {
  return unlessGone(() => readdirSync(folder, { withFileTypes: true }), [])
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

function pidsOf(group: string): number[] {
  return unlessGone(() => readFileSync(join(group, "cgroup.procs"), "utf8"), "")
    .split("\n")
    .filter(Boolean)
    .map(Number);
}

/** A file of a group; `otherwise` if a running kubelet has removed the group meanwhile. */
function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    // ENODEV: it went between being opened and being read.
    if (["ENOENT", "ENODEV"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      return otherwise;
    }
    throw error;
  }
}
