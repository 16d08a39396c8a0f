/** External clients of the hub, and the rules that let them in. */
import { AclRule, ExternalClient, type Egress, type Gateway } from "@fogline/pulumi-netmaker";
import * as pulumi from "@pulumi/pulumi";

import { clientId, pairName } from "../../../config/names.ts";

/** A network as its external clients need it: the gateway that they dial, the egress behind it. */
export interface ClientNetwork {
  readonly network: pulumi.Output<string>;
  readonly gateway: Gateway;
  readonly egress: Egress;
  /** Options of every resource in the server's database. */
  readonly options: pulumi.CustomResourceOptions;
}

/**
 * A client with a key of its own.
 *
 * @param name of the resource, less `-client`
 * @param member at most 32 characters
 * @param after clients whose addresses come before its own
 */
export function createClient(
  { network, gateway, egress, options }: ClientNetwork,
  name: string,
  member: string,
  publicKey: pulumi.Output<string>,
  after: readonly ExternalClient[] = [],
): ExternalClient {
  return new ExternalClient(
    `${name}-client`,
    {
      clientId: clientId(member),
      network,
      gateway: gateway.node,
      publicKey: publicKey.apply((key) => key.trim()),
    },
    // Its configuration lists the ranges of the egress, and its address follows those of `after`.
    pulumi.mergeOptions(options, { dependsOn: [egress, ...after] }),
  );
}

/**
 * Who may reach whom: these clients reach the hub, the cloud and these others. Any other client, such as a
 * visitor's device, reaches nothing, the cluster's API least of all.
 *
 * @param others clients besides hub and cloud; what pods of two devices say to each other goes from one
 *   device to the other
 */
export function reachAll(
  { network, egress, options }: ClientNetwork,
  resource: string,
  name: string,
  clients: readonly ExternalClient[],
  others: readonly ExternalClient[],
): AclRule {
  return new AclRule(
    resource,
    {
      network,
      name,
      from: clients.map(device),
      to: [{ kind: "gateways" }, { kind: "egress", id: egress.egressId }, ...others.map(device)],
    },
    options,
  );
}

/** A node that is a client of the network. */
export interface ClientNode {
  readonly node: string;
  readonly client: ExternalClient;
}

/** Lets two clients reach each other, by one rule in whatever order they are listed. */
export function reachEachOther(
  { network, options }: ClientNetwork,
  one: ClientNode,
  other: ClientNode,
): AclRule {
  const [first, second] = one.node < other.node ? [one, other] : [other, one];
  const name = pairName(first.node, second.node);
  return new AclRule(
    `${name}-rule`,
    { network, name, from: [device(first.client)], to: [device(second.client)] },
    // The rule was named in the order in which the devices were listed.
    pulumi.mergeOptions(options, { aliases: [{ name: `${second.node}-${first.node}-rule` }] }),
  );
}

function device({ clientId }: ExternalClient): {
  readonly kind: "device";
  readonly id: pulumi.Output<string>;
} {
  return { kind: "device", id: clientId };
}
