/**
 * Devices that join a Netmaker network by themselves. Each is an external client twice: with the bundle's
 * key, and a rule that lets it reach the hub's enrolment service alone; and with the key that it made,
 * once it has shown that.
 */
import { AclRule, type ExternalClient } from "@fogline/pulumi-netmaker";
import * as pulumi from "@pulumi/pulumi";

import { joinClientName } from "../../../config/names.ts";
import { ENROLMENT_PORT } from "../../../config/overlay-addresses.ts";
import type { EdgeMachine } from "../../machine.ts";
import type { OverlayMember, ServerInvitation } from "../member.ts";
import {
  createClient,
  reachAll,
  reachEachOther,
  type ClientNetwork,
  type ClientNode,
} from "./clients.ts";
import { clientConf } from "./conf.ts";

/** Joins a machine as the client that it became; `rule` lets that one in. */
export type JoinClient = (
  client: ExternalClient,
  rule: pulumi.Resource,
  machine: EdgeMachine,
  opts: pulumi.CustomResourceOptions,
) => OverlayMember<EdgeMachine>;

/** What invitations know of the network. */
export interface InvitingNetwork extends ClientNetwork {
  /** Clients of the program's own making. */
  readonly members: readonly ExternalClient[];
  /** Devices that joined by themselves, which grow in number. */
  readonly admitted: ClientNode[];
}

/**
 * Invites a device.
 *
 * @param node name of the device's node, at most 27 characters
 * @param joinKey public key of its bundle
 */
export function invite(
  network: InvitingNetwork,
  node: string,
  joinKey: pulumi.Output<string>,
  join: JoinClient,
): ServerInvitation {
  const joining = createClient(
    { ...network, options: named(network, `${node}-guest-client`) },
    `${node}-join`,
    joinClientName(node),
    joinKey,
  );
  const rule = new AclRule(
    `${node}-join-rule`,
    {
      network: network.network,
      name: joinClientName(node),
      from: [{ kind: "device", id: joining.clientId }],
      to: [{ kind: "gateways" }],
      protocol: "tcp",
      ports: [ENROLMENT_PORT],
    },
    named(network, `${node}-guest-rule`),
  );
  return {
    admittedBy: "server",
    // No bundle is out before the rule is in force.
    joinAddress: rule.ruleId.apply(() => joining.address),
    joinConf: joining.config.apply(clientConf),
    admit: (publicKey) => {
      const client = createClient(network, node, node, publicKey);
      const own = reachAll(network, `${node}-rule`, node, [client], network.members);
      // Done when both have come, which is their own time: nothing waits for it.
      for (const other of network.admitted) {
        reachEachOther(network, other, { node, client });
      }
      network.admitted.push({ node, client });
      return {
        address: client.address,
        conf: client.config.apply(clientConf),
        join: (machine, opts) => join(client, own, machine, opts),
      };
    },
  };
}

/** Options of a resource that had another name in earlier releases. */
function named({ options }: ClientNetwork, former: string): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions(options, { aliases: [{ name: former }] });
}
