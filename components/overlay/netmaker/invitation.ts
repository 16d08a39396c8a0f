/**
 * Devices that join a Netmaker network by themselves. Each is an external client twice: as a guest with
 * the bundle's key, whom a rule lets talk to the hub's enrolment alone, and as itself, once it has shown
 * the key that it made.
 */
import { AclRule, type ExternalClient } from "@fogline/pulumi-netmaker";
import type * as pulumi from "@pulumi/pulumi";

import { ENROLMENT_PORT } from "../../../config/overlay-addresses.ts";
import type { Machine } from "../../machine.ts";
import type { Invitation, OverlayMember } from "../member.ts";
import { createClient, reachAll, reachEachOther, type Gates } from "./clients.ts";
import { clientConf } from "./conf.ts";

/** Joins a machine as the client that it became; `rule` lets that one in. */
export type JoinClient = (
  client: ExternalClient,
  rule: pulumi.Resource,
  machine: Machine,
  opts: pulumi.CustomResourceOptions,
) => OverlayMember;

/** What invitations know of the network. */
export interface Doorstep extends Gates {
  /** Clients of the program's own making. */
  readonly members: readonly ExternalClient[];
  /** Devices that joined by themselves, which grow in number. */
  readonly admitted: { readonly node: string; readonly client: ExternalClient }[];
}

/**
 * Invites a device.
 *
 * @param node name of the device's node, at most 27 characters
 * @param guestKey public key of its bundle
 */
export function invite(
  gates: Doorstep,
  node: string,
  guestKey: pulumi.Output<string>,
  join: JoinClient,
): Invitation {
  const guest = createClient(gates, `${node}-guest`, `join-${node}`, guestKey);
  const knock = new AclRule(
    `${node}-guest-rule`,
    {
      network: gates.network,
      name: `join-${node}`,
      from: [{ kind: "device", id: guest.clientId }],
      to: [{ kind: "gateways" }],
      protocol: "tcp",
      ports: [ENROLMENT_PORT],
    },
    gates.options,
  );
  return {
    // No bundle is out before the rule stands.
    guestAddress: knock.ruleId.apply(() => guest.address),
    guestConf: guest.config.apply(clientConf),
    admit: (publicKey) => {
      const client = createClient(gates, node, node, publicKey);
      const rule = reachAll(gates, `${node}-rule`, node, [client], gates.members);
      // Done when both have come, which is their own time: nothing waits for it.
      for (const other of gates.admitted) {
        reachEachOther(gates, `${other.node}-${node}`, other.client, client);
      }
      gates.admitted.push({ node, client });
      return {
        address: client.address,
        conf: client.config.apply(clientConf),
        join: (machine, opts) => join(client, rule, machine, opts),
      };
    },
  };
}
