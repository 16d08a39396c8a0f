/** What a room to the right of the overlay knows of it. */
import type * as pulumi from "@pulumi/pulumi";

import type { Machine } from "../machine.ts";

/** A machine with its address in the overlay, reachable there once `joined` is done. */
export interface OverlayMember {
  readonly machine: Machine;
  readonly address: string;
  readonly joined: pulumi.Resource;
}

/** The joined machines and the operator's computer. */
export interface Overlay {
  readonly hub: OverlayMember;
  readonly agents: readonly OverlayMember[];
  /** Done when the operator's computer reaches the hub. */
  readonly operator: pulumi.Resource;
  /** Name of the network interface on every member. */
  readonly interfaceName: string;
  /** Largest packet inside the overlay, bytes. */
  readonly mtu: number;
}
