/** What a room to the right of the overlay knows of it. */
import type * as pulumi from "@pulumi/pulumi";

import type { Machine } from "../machine.ts";

/** A machine with its address in the overlay, reachable there once `joined` is done. */
export interface OverlayMember {
  readonly machine: Machine;
  readonly address: pulumi.Input<string>;
  /** Network interface that leads to the other members; unset where the default route does. */
  readonly interfaceName?: string;
  readonly joined: pulumi.Resource;
}

/** The member that everybody reaches; its address is known before it has joined. */
export interface Hub extends OverlayMember {
  readonly address: string;
}

/** The joined machines and the operator's computer. */
export interface Overlay {
  readonly hub: Hub;
  readonly agents: readonly OverlayMember[];
  /** Done when the operator's computer reaches the hub. */
  readonly operator: pulumi.Resource;
  /** Largest packet inside the overlay, bytes. */
  readonly mtu: number;
}
