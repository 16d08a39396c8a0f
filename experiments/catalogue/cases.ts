/** What cases of faults are made of: machines of the lab, and timelines. */
import type { Fault, Moment, Seconds, Variant } from "../model.ts";

/** A fault, or some of them at once: one variant of the experiment `faults`. */
export type FaultCase = Pick<Variant, "name" | "label"> & { readonly timeline: readonly Moment[] };

/** The profile that notices most, and may take a fault for what it is not. */
export const FAST = { failover: { profile: "fast" } } as const satisfies Variant["settings"];

/** The edge, at home. */
export const PI = "raspberrypi";
/** It has the database. */
export const WORKER = "WorkerNode";
/** It has K3s' server, and is the hub of WireGuard. */
export const SERVER = "MasterNode";

/** Seconds of load before a fault. */
const BEGIN: Seconds = 10;

/** One fault, and when it is undone. */
export function single(name: string, label: string, fault: Fault, until: Seconds): FaultCase {
  return {
    ...{ name, label },
    timeline: [
      { at: BEGIN, inject: fault },
      { at: until, recover: fault },
    ],
  };
}

/** A second fault while a first is on, which is undone before it or after it. */
export function during(
  { name, label }: Pick<FaultCase, "name" | "label">,
  [first, until]: readonly [Fault, Seconds],
  [second, at, end]: readonly [Fault, Seconds, Seconds],
): FaultCase {
  const ends = [
    { at: until, recover: first },
    { at: end, recover: second },
  ].sort((a, b) => a.at - b.at);
  return {
    ...{ name, label },
    timeline: [{ at: BEGIN, inject: first }, { at, inject: second }, ...ends],
  };
}
