/** All drills: which fault each is, what it does, how it ends, and what visitors notice of it (docs/drills.md). */
import type { Program } from "../faults/network/script.ts";
import type { Fault, Seconds } from "../model.ts";
import * as notices from "./notices.ts";

/** What a drill is aimed at. */
export interface Aim {
  /** The machine with the fault, as the stack file names it; empty where no machine has it alone. */
  readonly machine: string;
  /** The machine with the control plane. */
  readonly server: string;
  /** How long the fault lasts. */
  readonly seconds: Seconds;
  /** After so long it ends by itself on its machine, whoever is gone by then. */
  readonly limitSeconds: Seconds;
  /** Share of packets that are lost. */
  readonly percent: number;
}

export interface Drill {
  readonly name: string;
  /** What it does, for a person who looks for one. */
  readonly does: string;
  /** Whether it is of a machine that is named, of the one with the database, or of the cluster. */
  readonly where: "node" | "database" | "cluster";
  /** How long it lasts where nobody says otherwise. */
  readonly seconds: Seconds;
  /** How it ends, and who ends it where nobody does any more. */
  readonly ends: string;
  readonly fault: (aim: Aim) => Fault;
  readonly notices: notices.Notices;
  /** Programs that its scripts call on the machine and that may be missing; default: none. */
  readonly needs?: readonly Program[];
  /** Whether the machine with the control plane ends it where nobody does; default: none has to. */
  readonly isGuarded?: boolean;
  /** On a stack of one's own a person carries it out; default: the drill does. */
  readonly isByHand?: boolean;
  /** Why it is for the lab alone; default: it is for any stack. */
  readonly labOnly?: string;
}

const TIMER = "the drill ends it; if it cannot, the machine itself does two minutes later";
const KERNEL = "the machine's kernel ends it when the time is over, whoever is gone by then";

const ANY_STACK: readonly Drill[] = [
  {
    name: "pod-kill",
    does: "deletes a pod of the website without notice",
    where: "cluster",
    seconds: 30,
    ends: "its Deployment makes another pod at once",
    fault: () => ({ kind: "pod-kill", app: "website" }),
    notices: notices.onePod,
  },
  {
    name: "out-of-memory",
    does: "has the website's process in one pod need more than its memory limit; the kernel kills it",
    where: "cluster",
    seconds: 30,
    ends: "kubelet starts the container again at once",
    fault: () => ({ kind: "out-of-memory" }),
    notices: notices.onePod,
  },
  {
    name: "database-kill",
    does: "kills PostgreSQL (SIGKILL)",
    where: "database",
    seconds: 30,
    ends: "kubelet starts the container again at once; PostgreSQL replays its log",
    fault: ({ machine }) => ({ kind: "database-kill", machine }),
    notices: notices.noVotes,
  },
  {
    name: "dns-down",
    does: "ends the cluster's name servers (CoreDNS)",
    where: "cluster",
    seconds: 60,
    ends: "the drill scales them back; if it cannot, the server's machine does two minutes later",
    fault: ({ server, limitSeconds }) => ({
      ...{ kind: "dns-down", guard: { machine: server, seconds: limitSeconds } },
    }),
    notices: notices.noNames,
    needs: ["systemd-run"],
    isGuarded: true,
  },
  {
    name: "kubelet-freeze",
    does: "stops K3s on a machine without ending it (SIGSTOP), as a disk that hangs does",
    where: "node",
    seconds: 60,
    ends: TIMER,
    fault: ({ machine, limitSeconds }) => ({ kind: "kubelet-freeze", machine, limitSeconds }),
    notices: notices.unmanaged,
    needs: ["systemd-run"],
  },
  {
    name: "k3s-kill",
    does: "kills K3s on a machine (SIGKILL)",
    where: "node",
    seconds: 30,
    ends: "the machine's systemd starts it again after 2 s",
    fault: ({ machine }) => ({ kind: "k3s-kill", machine }),
    notices: notices.unmanaged,
  },
  {
    name: "k3s-stop",
    does: "stops K3s on a machine in order, as an update does",
    where: "node",
    seconds: 60,
    ends: TIMER,
    fault: ({ machine, limitSeconds }) => ({ kind: "k3s-stop", machine, limitSeconds }),
    notices: notices.unmanaged,
    needs: ["systemd-run"],
  },
  {
    name: "reboot",
    does: "restarts a machine in order",
    where: "node",
    seconds: 120,
    ends: "the machine comes back by itself, and is waited for",
    fault: ({ machine }) => ({ kind: "reboot", machine }),
    notices: notices.away,
  },
  {
    name: "silence",
    does: "has a machine drop all packets of its network, as a pulled cable does",
    where: "node",
    seconds: 60,
    ends: KERNEL,
    fault: ({ machine, seconds }) => ({ kind: "stall", machine, seconds }),
    notices: notices.away,
    needs: ["ip", "nft"],
  },
  {
    name: "loss",
    does: "has a machine lose a share of its packets, both ways (`--percent=10`)",
    where: "node",
    seconds: 60,
    ends: "the drill ends it; if it cannot, the machine's kernel does two minutes later",
    fault: ({ machine, percent, limitSeconds }) => ({
      ...{ kind: "loss", machine, percent, direction: "both", limitSeconds },
    }),
    notices: notices.impaired,
    needs: ["ip", "nft"],
  },
  {
    name: "registry-gone",
    does: "refuses a machine's connections to the registries that its images come from",
    where: "node",
    seconds: 60,
    ends: "the drill ends it; if it cannot, the machine's kernel does two minutes later",
    fault: ({ machine, limitSeconds }) => ({
      ...{ kind: "registry-gone", machines: [machine], limitSeconds },
    }),
    notices: notices.noImages,
    needs: ["nft"],
  },
  {
    name: "power-off",
    does: "takes a machine's power: on a stack of yours you do, when you are told to",
    where: "node",
    // A person's part of it is in this time.
    seconds: 180,
    ends: "you give the power back when you are told to; the machine is waited for",
    fault: ({ machine }) => ({ kind: "power-off", machine }),
    notices: notices.away,
    isByHand: true,
  },
];

const LAB_ALONE: readonly Drill[] = [
  {
    name: "wireguard-down",
    does: "takes a machine's WireGuard interface away",
    where: "node",
    seconds: 60,
    ends: "the drill ends it; if it cannot, the machine itself does after two hours",
    fault: ({ machine }) => ({ kind: "wireguard-down", machine }),
    notices: notices.away,
    labOnly:
      "the drill reaches a machine over this very interface, which a unit must bring back; silence is the same to others and ends by itself",
  },
  {
    name: "partition",
    does: "drops what the server sends to a machine through WireGuard, and not what comes back",
    where: "node",
    seconds: 60,
    ends: "the drill ends it; if it cannot, the machine's kernel does after two hours",
    fault: ({ machine, server }) => ({
      ...{ kind: "partition", machine, peer: server, direction: "in" },
    }),
    notices: notices.away,
    labOnly:
      "it cuts the drill's own way to the machine for as long as two hours; silence is shorter and ends by itself",
  },
  {
    name: "delay",
    does: "holds what a machine sends for 200 ± 50 ms",
    where: "node",
    seconds: 60,
    ends: "the drill ends it; if it cannot, the machine itself does after two hours",
    fault: ({ machine }) => ({
      ...{ kind: "delay", machine, milliseconds: 200, jitterMilliseconds: 50 },
    }),
    notices: notices.impaired,
    labOnly:
      "it puts a program of the lab on the machine, and all of the machine's packets through it",
  },
  {
    name: "disk-full",
    does: "fills the database's volume to the last byte",
    where: "database",
    seconds: 60,
    ends: "the drill empties it and moves the volume back",
    fault: ({ machine }) => ({ kind: "disk-full", machine, of: "database" }),
    notices: notices.noVotes,
    labOnly: "a disk that is full harms all that writes to it, and nothing empties it by itself",
  },
  {
    name: "clock-jump",
    does: "sets the clock of one more pod of the website by an hour",
    where: "cluster",
    seconds: 60,
    ends: "the drill removes the pod",
    fault: () => ({ kind: "clock-jump", seconds: 3600 }),
    notices: notices.wrongClock,
    labOnly: "the pod would stay, and answer visitors, where nobody removes it",
  },
];

/** In the order in which they are listed. */
export const DRILLS: readonly Drill[] = [...ANY_STACK, ...LAB_ALONE];
