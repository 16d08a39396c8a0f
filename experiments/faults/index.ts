/** How each kind of fault is brought about and undone. */
import type { Fault, Readings } from "../model.ts";
import type { Site } from "../site.ts";
import { delay } from "./delay.ts";
import { loss } from "./loss.ts";
import { partition } from "./partition.ts";
import { podKill } from "./pod-kill.ts";
import { powerOff } from "./power-off.ts";
import { rate } from "./rate.ts";
import { shutdown } from "./shutdown.ts";
import { stall } from "./stall.ts";
import { wireguardDown } from "./wireguard-down.ts";

/** One kind of fault. */
export interface FaultKind<F extends Fault> {
  /** What it does, for a person who is asked before. */
  readonly describe: (fault: F) => string;
  /** Who has it: the name of a node or of an app. */
  readonly subject: (fault: F) => string;
  /** Does what takes long and can be done before the first cell, such as a build. */
  readonly prepare?: (site: Site, fault: F) => Promise<void>;
  /** Brings it about; done when it is in force. */
  readonly inject: (site: Site, fault: F) => Promise<void>;
  /** Undoes it; done when nothing of it is in force any more. It may be asked for twice. */
  readonly recover: (site: Site, fault: F) => Promise<void>;
  /**
   * What it has counted itself, such as packets that it dropped; asked for once, right before it is undone. It may
   * undo it already.
   */
  readonly report?: (site: Site, fault: F) => Promise<Readings>;
  /**
   * Whether `recover` costs nothing where the fault is not in force: it is then undone before an experiment's first
   * cell, too, as a run that was killed may have left it.
   */
  readonly isClearedFirst?: boolean;
}

type Kinds = { readonly [K in Fault["kind"]]: FaultKind<Extract<Fault, { kind: K }>> };

const KINDS: Kinds = {
  "power-off": powerOff,
  shutdown,
  "pod-kill": podKill,
  "wireguard-down": wireguardDown,
  partition,
  loss,
  delay,
  rate,
  stall,
};

/** The kind of a fault. */
export function kindOf<F extends Fault>(fault: F): FaultKind<F> {
  return KINDS[fault.kind] as unknown as FaultKind<F>;
}
