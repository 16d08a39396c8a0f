/** A machine that is shut down in order, as by its owner: its services are stopped one by one, and say so. */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";

export const shutdown: FaultKind<Extract<Fault, { kind: "shutdown" }>> = {
  describe: ({ machine }) => `shuts ${machine} down`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: async (site, { machine }) => {
    await site.onMachine(machine, "systemctl --no-block poweroff");
  },
  recover: async (site, { machine }) => {
    // One that still stops its services would be taken for one that runs.
    await site.powerOff(machine);
    await site.powerOn(machine);
  },
};
