/**
 * A kubelet that hangs: its process is there, and does nothing (SIGSTOP), as on a node that swaps, or whose disk does
 * not answer.
 *
 * K3s is one process with kubelet, kube-proxy and flannel in it, and on a server the control plane; containerd is a
 * child of it that goes on, and so do the containers. The lab's stand-in has its parts as children of the same
 * program, which are stopped with it. The node becomes NotReady and its pods are replaced elsewhere while they still
 * answer: no visit may fail. When it goes on, the superfluous pods are ended.
 */
import type { Fault } from "../model.ts";
import type { FaultKind } from "./index.ts";
import { k3s, k3sAway } from "./scripts.ts";

export const kubeletFreeze: FaultKind<Extract<Fault, { kind: "kubelet-freeze" }>> = {
  describe: ({ machine }) => `stops K3s on ${machine} in the middle of its work, without ending it`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: (site, { machine, limitSeconds }) => k3sAway(site, machine, "freeze", limitSeconds),
  recover: (site, { machine }) => k3s(site, machine, "thaw"),
};
