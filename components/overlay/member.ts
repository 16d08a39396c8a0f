/** What a room to the right of the overlay knows of it. */
import type * as pulumi from "@pulumi/pulumi";

import type { CloudMachine, EdgeMachine, Machine } from "../machine.ts";

/** A machine with its address in the overlay, reachable there once `joined` is done. */
export interface OverlayMember<M extends Machine = Machine> {
  readonly machine: M;
  readonly address: pulumi.Input<string>;
  /** Network interface that leads to the other members; unset where the default route does. */
  readonly interfaceName?: string;
  readonly joined: pulumi.Resource;
}

/** The member that everybody reaches; its address is known before it has joined. */
export interface Hub extends OverlayMember<CloudMachine> {
  readonly address: string;
  readonly interfaceName: string;
  /** systemd unit that brings the interface up. */
  readonly unit: string;
}

/** The way in for one device that nobody reaches: it dials the hub, first as a guest, then as itself. */
export interface Invitation {
  /** Address of the guest, who reaches the hub's enrolment and nothing else. */
  readonly guestAddress: pulumi.Input<string>;
  /** The guest's WireGuard configuration, with a mark for the private key. */
  readonly guestConf: pulumi.Output<string>;
  /** The device's place, where it is known before the device has shown its key. */
  readonly seat?: Seat;
  /** Lets the device in by its public key. */
  admit(publicKey: pulumi.Output<string>): Seat;
}

/** A member's place in the overlay. */
export interface Seat {
  readonly address: pulumi.Input<string>;
  /** Its WireGuard configuration, with a mark for the private key. */
  readonly conf: pulumi.Output<string>;
  /** Joins a machine that has a key already, or keeps it joined. */
  join(machine: EdgeMachine, opts: pulumi.CustomResourceOptions): OverlayMember<EdgeMachine>;
}

/** The joined machines and the operator's computer. */
export interface Overlay {
  readonly hub: Hub;
  readonly agents: readonly OverlayMember[];
  /** Done when the operator's computer reaches the hub. */
  readonly operator: pulumi.Resource;
  /** Largest packet inside the overlay, bytes. */
  readonly mtu: number;
  /**
   * Invites a device that joins by itself.
   *
   * @param guestKey public key that the device dials with until it has shown its own
   */
  invite(device: Pick<Machine, "name">, guestKey: pulumi.Output<string>): Invitation;
}
