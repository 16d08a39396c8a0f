/** What an experiment runs on: `environment.json`. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { execa } from "execa";
import { z } from "zod";

const PROJECT = join(import.meta.dirname, "..");
/** How long the share of stolen processor time is looked at, milliseconds. */
const GLANCE = 1000;

/** `environment.json`; what else it holds is not shown. */
export const ENVIRONMENT = z.object({
  /** ISO 8601 date or time of the first cell. */
  date: z.string(),
  /** What was measured, e.g. `lab`. */
  site: z.string().optional(),
  /** By name, e.g. `cores`, `memoryMiB` and `kernel`. */
  machine: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Load averages of 1, 5 and 15 minutes when the first cell started. */
  load: z.array(z.number()).length(3),
  /** Share of processor time that the hypervisor gave to others, 0 to 1, when the first cell started. */
  stealShare: z.number().optional(),
  /** By name, e.g. `fogline`, `commit` and `node`; `changed` where the commit is not all. */
  versions: z.record(z.string(), z.union([z.string(), z.boolean()])).optional(),
  /** Programs and where each came from, as the lab reports them; `stand-in` is a source. */
  toolchain: z
    .array(z.object({ part: z.string(), version: z.string(), source: z.string() }))
    .optional(),
  /** Images likewise; `official` is a source. */
  images: z
    .array(z.object({ image: z.string(), version: z.string().optional(), source: z.string() }))
    .optional(),
});
export type Environment = z.infer<typeof ENVIRONMENT>;

/** The part of an environment that does not depend on what is measured. */
export type Computer = {
  readonly [Key in "machine" | "load" | "stealShare" | "versions"]: NonNullable<Environment[Key]>;
};

/** This computer and this checkout; takes a second, for the share of stolen time. */
export async function computer(): Promise<Computer> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await execa("git", args, { cwd: PROJECT })).stdout;
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(PROJECT, "package.json"), "utf8")));
  const system = readFileSync("/etc/os-release", "utf8");
  return {
    machine: {
      processor: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
      memoryMiB: Math.round(totalmem() / 2 ** 20),
      kernel: release(),
      system: /^PRETTY_NAME="?([^"\n]*)/m.exec(system)?.[1] ?? "unknown",
    },
    load: loadavg().map((average) => Number(average.toFixed(2))),
    stealShare: await stealShare(),
    versions: {
      fogline: manifest.version,
      commit: await git("rev-parse", "HEAD"),
      changed: (await git("status", "--porcelain")) !== "",
      node: process.version,
    },
  };
}

async function stealShare(): Promise<number> {
  const before = readFileSync("/proc/stat", "utf8");
  await pause(GLANCE);
  return stolen(before, readFileSync("/proc/stat", "utf8"));
}

/**
 * Share of processor time that was stolen between two readings of `/proc/stat`, 0 to 1.
 *
 * Its first line has times since boot: user, nice, system, idle, iowait, irq, softirq, steal; what follows,
 * guest and guest_nice, is a part of user and nice (proc_stat(5)).
 */
export function stolen(before: string, after: string): number {
  const [first, second] = [before, after].map((text) =>
    (text.split("\n", 1)[0] ?? "").trim().split(/\s+/).slice(1, 9).map(Number),
  );
  const times = (second ?? []).map((time, n) => time - (first?.[n] ?? NaN));
  const all = times.reduce((sum, time) => sum + time, 0);
  return all > 0 ? Number(((times[7] ?? 0) / all).toFixed(4)) : 0;
}
