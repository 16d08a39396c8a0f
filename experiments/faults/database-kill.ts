/**
 * PostgreSQL's first process is killed (SIGKILL), and all of its others with it: a crash, or the kernel's OOM killer.
 *
 * kubelet starts the container again in the same pod, with the same volume; PostgreSQL replays its log from the last
 * checkpoint. Every vote that was acknowledged had been written to that log. Pages are served meanwhile; votes are
 * refused with 503 and sent again. Unlike after a power cut, the kernel still has what was written and is not yet on
 * the disk.
 */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { containerOf, databaseIsReady, databaseOn } from "./pods.ts";
import { runOn } from "./scripts.ts";

export const databaseKill: FaultKind<Extract<Fault, { kind: "database-kill" }>> = {
  describe: ({ machine }) => `kills PostgreSQL on ${machine}`,
  subject: () => "database",
  inject: async (site, { machine }) => {
    const container = containerOf(await databaseOn(site, machine));
    await runOn(site, machine, "container-kill", { CONTAINER: container });
  },
  // kubelet has started it again.
  recover: (site) => databaseIsReady(site),
};
