/** A machine whose power goes: no packet of it says so, unlike the end of its processes on a kernel that lives on. */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";

export const powerOff: FaultKind<Extract<Fault, { kind: "power-off" }>> = {
  describe: ({ machine }) => `takes the network, then the power of ${machine}`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: (site, { machine }) => site.powerOff(machine),
  recover: (site, { machine }) => site.powerOn(machine),
};
