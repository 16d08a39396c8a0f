/**
 * The seconds between a silent power-off and its end, stage by stage, at worst; and the longest silence of a
 * node that is well. Pure arithmetic: nothing here was measured by it. docs/failover.md shows both.
 */
import { renewalSeconds } from "./failover-rules.ts";
import type { Timers } from "./failover.ts";

/**
 * What no timer decides, seconds.
 *
 * - `marking`: the node's and its pods' status and the EndpointSlices are written, on a server that is not busy.
 * - `tainting`: `NodeEvictionPeriod` of pkg/controller/nodelifecycle/scheduler; a second node within 10 s
 *   waits for those (`node-eviction-rate`).
 * - `start`: a pod is deleted, made, bound and started, its image being there. In the two power-offs that were
 *   measured on 78261d3 Ready came 2.0 and 3.3 s after the toleration, with a probe every 2 s.
 */
const FIXED = { marking: 0.3, tainting: 0.1, start: 2 } as const;

/** One stage, and how long it takes at worst. */
export interface Stage {
  readonly name: string;
  readonly seconds: number;
}

/** Stages until no EndpointSlice names a pod of the machine. */
export function untilDropped(timers: Timers): Stage[] {
  return [
    { name: "the last renewal is seen", seconds: timers.monitorSeconds },
    { name: "the lease stands still", seconds: timers.graceSeconds },
    { name: "the next scan", seconds: timers.monitorSeconds },
    { name: "pods are marked, endpoints dropped", seconds: FIXED.marking },
  ];
}

/** Stages from there until as many pods as before are Ready elsewhere. */
export function untilReplaced(timers: Timers): Stage[] {
  return [
    { name: "the node is tainted", seconds: FIXED.tainting },
    { name: "pods tolerate it", seconds: timers.tolerationSeconds },
    { name: "new pods are made and started", seconds: FIXED.start },
    { name: "they are found ready", seconds: timers.readinessSeconds },
  ];
}

/** Seconds from dropped endpoints until the last Traefik sends nothing there. */
export function untilRerouted({ routeSyncSeconds }: Timers): number {
  return routeSyncSeconds;
}

export function sumOf(stages: readonly Stage[]): number {
  return Math.round(stages.reduce((sum, { seconds }) => sum + seconds, 0) * 100) / 100;
}

/** A network and a node with troubles that must pass for nothing. */
export interface Troubles {
  /** Longest delay of a packet, one way, seconds. */
  readonly delay: number;
  /** How long the node stands still, seconds. */
  readonly stall: number;
  /** Packets that are lost one after the other before the first renewal after the stall arrives. */
  readonly lost: number;
}

/** Those of the run for false alarms: 50 ± 20 ms, 3 s; at 2 % loss more than two come one time in 125,000. */
export const FALSE_ALARM_RUN: Troubles = { delay: 0.07, stall: 3, lost: 2 };

/**
 * Longest time between two renewals that the controller sees of a node that is well, seconds: the pause after
 * the last one and its answer, which was lost once; the stall, which began just before the next one; and that
 * one's way, with its losses. TCP sends again after a round trip and 200 ms (TCP_RTO_MIN of Linux), then after
 * twice that.
 */
export function longestSilence(timers: Timers, { delay, stall, lost }: Troubles): number {
  const again = 2 * delay + 0.2;
  const answer = 2 * delay + again;
  const request = delay + again * (2 ** lost - 1);
  return renewalSeconds(timers) + answer + stall + request;
}
