/**
 * A disk without a free byte.
 *
 * - `of: "machine"`: the disk that K3s' folder is on. kubelet ends pods when less than 5 % is free, and taints the node
 *   (DiskPressure) until there is space again. Refused in a container, whose disk is its host's: all of the lab's
 *   machines are folders on the computer's disk.
 * - `of: "database"`: the volume of PostgreSQL. In the lab it is moved to a file system of its own before the load, in
 *   memory and 32 MiB larger than what it holds, and moved back after it; PostgreSQL is stopped for both. Were the
 *   machine to lose its power in between, votes of that time would be lost. Refused on a machine with a disk of its own.
 *
 * PostgreSQL says "No space left on device": a vote whose page or log needs a new block is refused with 503, and sent
 * again until there is space; where its log cannot grow it ends itself and starts again. No vote that it acknowledged
 * is lost (PostgreSQL's documentation, chapter "Disk Full Failure"). Pages are served as before.
 */
import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";
import { databaseOn, startDatabase, stopDatabase, volumeOfDatabase } from "./pods.ts";
import { runOn } from "./scripts.ts";

/** Where K3s has its images, containers and, as a rule, the nodes' volumes. */
const OF_MACHINE = "/var/lib/rancher";
/** MiB that a volume with a file system of its own has free: two segments of PostgreSQL's log. */
const SPACE = "32";

type DiskFull = Extract<Fault, { kind: "disk-full" }>;

export const diskFull: FaultKind<DiskFull> = {
  describe: ({ machine, of }) =>
    of === "machine" ? `fills the disk of ${machine}` : `fills the database's volume on ${machine}`,
  subject: ({ machine, of }) => (of === "machine" ? machine.toLowerCase() : "database"),
  prepare: async (site, fault) => {
    if (fault.of === "database") {
      await databaseOn(site, fault.machine);
      await whileStopped(site, () => disk(site, fault, "limit"));
    }
  },
  inject: (site, fault) => disk(site, fault, "fill"),
  recover: (site, fault) => disk(site, fault, "empty"),
  clear: async (site, fault) => {
    if (fault.of === "database") {
      await whileStopped(site, () => disk(site, fault, "restore"));
    }
  },
};

async function disk(
  site: Site,
  { machine, of }: DiskFull,
  action: "limit" | "fill" | "empty" | "restore",
): Promise<void> {
  const folder = of === "machine" ? OF_MACHINE : await volumeOfDatabase(site);
  await runOn(site, machine, "disk", { ACTION: action, FOLDER: folder, OF: of, SPACE });
}

/** The database is started again whatever happens. */
async function whileStopped(site: Site, work: () => Promise<void>): Promise<void> {
  try {
    await stopDatabase(site);
    await work();
  } finally {
    await startDatabase(site);
  }
}
