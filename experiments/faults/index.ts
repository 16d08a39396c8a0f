/** How each kind of fault is brought about and undone. */
import type { Fault, Readings } from "../model.ts";
import type { Site } from "../site.ts";
import { clockJump } from "./clock-jump.ts";
import { databaseKill } from "./database-kill.ts";
import { delay } from "./delay.ts";
import { directPort } from "./direct-port.ts";
import { diskFull } from "./disk-full.ts";
import { dnsDown } from "./dns-down.ts";
import { drain } from "./drain.ts";
import { k3sKill, k3sStop } from "./k3s.ts";
import { kubeletFreeze } from "./kubelet-freeze.ts";
import { loss } from "./loss.ts";
import { outOfMemory } from "./out-of-memory.ts";
import { partition } from "./partition.ts";
import { podKill } from "./pod-kill.ts";
import { powerOff } from "./power-off.ts";
import { rate } from "./rate.ts";
import { reboot } from "./reboot.ts";
import { registryGone } from "./registry-gone.ts";
import { shutdown } from "./shutdown.ts";
import { stall } from "./stall.ts";
import { streams } from "./streams.ts";
import { up } from "./up.ts";
import { wireguardDown } from "./wireguard-down.ts";

/** One kind of fault. */
export interface FaultKind<F extends Fault> {
  /** What it does, for a person who is asked before. */
  readonly describe: (fault: F) => string;
  /** Who has it: the name of a node or of an app. */
  readonly subject: (fault: F) => string;
  /**
   * What it needs before the load begins, such as a build; default: nothing. Where that leaves something on the
   * stack, `clear` undoes it.
   */
  readonly prepare?: (site: Site, fault: F) => Promise<void>;
  /**
   * Brings it about; done when it is in force.
   *
   * @param note keeps a sentence beside the cell's marks
   */
  readonly inject: (site: Site, fault: F, note: (text: string) => void) => Promise<void>;
  /** Undoes it; done when nothing of it is in force any more. It may be asked for twice. */
  readonly recover: (site: Site, fault: F) => Promise<void>;
  /** Undoes what was prepared, when the load has ended and it was recovered from; it may be asked for twice. */
  readonly clear?: (site: Site, fault: F) => Promise<void>;
  /**
   * What it has counted itself, such as packets that it dropped; asked for once, right before it is undone. It may
   * undo it already.
   */
  readonly report?: (site: Site, fault: F) => Promise<Readings>;
}

type Kinds = { readonly [K in Fault["kind"]]: FaultKind<Extract<Fault, { kind: K }>> };

const KINDS: Kinds = {
  "power-off": powerOff,
  shutdown,
  "pod-kill": podKill,
  drain,
  "direct-port": directPort,
  "out-of-memory": outOfMemory,
  "kubelet-freeze": kubeletFreeze,
  "k3s-kill": k3sKill,
  "k3s-stop": k3sStop,
  reboot,
  "disk-full": diskFull,
  "registry-gone": registryGone,
  "database-kill": databaseKill,
  "dns-down": dnsDown,
  "clock-jump": clockJump,
  up,
  "wireguard-down": wireguardDown,
  partition,
  loss,
  delay,
  rate,
  stall,
  streams,
};

/** Names of all kinds. */
export const FAULT_KINDS: readonly string[] = Object.keys(KINDS);

/** The kind of a fault. @throws Error when this version has no such kind, as of a file of another one */
export function kindOf<F extends Fault>(fault: F): FaultKind<F> {
  if (!(fault.kind in KINDS)) {
    throw new Error(`no fault is of the kind ${fault.kind}; there are ${FAULT_KINDS.join(", ")}`);
  }
  return KINDS[fault.kind] as unknown as FaultKind<F>;
}
