/** Members of an overlay, whatever its kind, and how a device becomes one. */
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

interface CommonInvitation {
  /** Address from which the device asks to join; it reaches the hub's enrolment service and nothing else. */
  readonly joinAddress: pulumi.Input<string>;
  /** WireGuard configuration of the tunnel from there, without its private key (see wireguard/conf.ts). */
  readonly joinConf: pulumi.Output<string>;
}

/** An invitation to an overlay whose peers the hub keeps: it admits the device by itself. */
export interface HubInvitation extends CommonInvitation {
  readonly admittedBy: "hub";
  /** Public key by which the hub knows the tunnel of the join request. */
  readonly joinKey: pulumi.Output<string>;
  /** The device's own, known before the device is. */
  readonly lease: Lease;
}

/** An invitation to an overlay whose peers a server keeps, which has to learn the device's key first. */
export interface ServerInvitation extends CommonInvitation {
  readonly admittedBy: "server";
  /** Has the server admit the device by its public key. */
  admit(publicKey: pulumi.Output<string>): Lease;
}

/**
 * Leave to join for one device that nobody reaches. The device dials the hub with the key of its bundle,
 * shows the key that it has made, and gets a lease for that one.
 */
export type Invitation = HubInvitation | ServerInvitation;

/** A device's address in the overlay, and its way there. */
export interface Lease {
  readonly address: pulumi.Input<string>;
  /** The device's WireGuard configuration, without its private key (see wireguard/conf.ts). */
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
   * @param joinKey public key of its bundle, with which it dials until it has shown its own
   */
  invite(device: Pick<Machine, "name">, joinKey: pulumi.Output<string>): Invitation;
}
