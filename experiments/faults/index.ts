/** How each kind of fault is brought about and undone. */
import type { Fault } from "../model.ts";
import type { Site } from "../site.ts";
import { podKill } from "./pod-kill.ts";
import { powerOff } from "./power-off.ts";
import { shutdown } from "./shutdown.ts";
import { streams } from "./streams.ts";

/** One kind of fault. */
export interface FaultKind<F extends Fault> {
  /** What it does, for a person who is asked before. */
  readonly describe: (fault: F) => string;
  /** Who has it: the name of a node or of an app. */
  readonly subject: (fault: F) => string;
  /** Brings it about; done when it is in force. */
  readonly inject: (site: Site, fault: F) => Promise<void>;
  /** Undoes it; done when nothing of it is in force any more. It may be asked for twice. */
  readonly recover: (site: Site, fault: F) => Promise<void>;
}

type Kinds = { readonly [K in Fault["kind"]]: FaultKind<Extract<Fault, { kind: K }>> };

const KINDS: Kinds = { "power-off": powerOff, shutdown, "pod-kill": podKill, streams };

/** The kind of a fault. */
export function kindOf<F extends Fault>(fault: F): FaultKind<F> {
  return KINDS[fault.kind] as unknown as FaultKind<F>;
}
