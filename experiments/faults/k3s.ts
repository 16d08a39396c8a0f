/**
 * The end of K3s on a machine, whose containers live on: the unit's `KillMode=process` leaves them alone.
 *
 * On a server the API, the controllers and the scheduler are gone with it. Visits go on: pods, kube-proxy's rules and
 * Traefik's routes stay as they are; what changes meanwhile, such as a pod that dies, nobody replaces. On an agent
 * the node becomes NotReady once its lease is old enough, and its pods are replaced although they run.
 */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { k3s, k3sAway } from "./scripts.ts";

/** A crash, or the kernel's OOM killer: nothing is tidied up. systemd starts it again after `RestartSec`, 2 s. */
export const k3sKill: FaultKind<Extract<Fault, { kind: "k3s-kill" }>> = {
  describe: ({ machine }) => `kills K3s on ${machine}, which systemd starts again`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: (site, { machine }) => k3s(site, machine, "kill"),
  recover: (site, { machine }) => k3s(site, machine, "start"),
};

/** An update, or an administrator: it is stopped in order, for as long as the timeline says. */
export const k3sStop: FaultKind<Extract<Fault, { kind: "k3s-stop" }>> = {
  describe: ({ machine }) => `stops K3s on ${machine}`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: (site, { machine, limitSeconds }) => k3sAway(site, machine, "stop", limitSeconds),
  recover: (site, { machine }) => k3s(site, machine, "start"),
};
