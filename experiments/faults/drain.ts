/** A node that is taken out of service for maintenance: nothing fails, and yet its pods must go. */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";

export const drain: FaultKind<Extract<Fault, { kind: "drain" }>> = {
  describe: ({ machine }) => `moves the pods of ${machine} away`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: (site, { machine }) => site.drain(machine),
  recover: (site, { machine }) => site.undrain(machine),
};
