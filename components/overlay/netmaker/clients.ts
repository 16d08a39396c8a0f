/** External clients of the hub, and the rules that let them in. */
import { AclRule, ExternalClient, type Egress, type Gateway } from "@fogline/pulumi-netmaker";
import * as pulumi from "@pulumi/pulumi";

/** Where clients come in, and where they may go from there. */
export interface Gates {
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
 * @param id at most 32 characters
 * @param after clients whose addresses come before its own
 */
export function createClient(
  { network, gateway, egress, options }: Gates,
  name: string,
  id: string,
  publicKey: pulumi.Output<string>,
  after: readonly ExternalClient[] = [],
): ExternalClient {
  return new ExternalClient(
    `${name}-client`,
    {
      // At least five characters.
      clientId: id.padEnd(5, "-"),
      network,
      gateway: gateway.node,
      publicKey: publicKey.apply((key) => key.trim()),
    },
    // Its file names the egress.
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
  { network, egress, options }: Gates,
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

/** Lets two clients reach each other. */
export function reachEachOther(
  { network, options }: Gates,
  name: string,
  one: ExternalClient,
  other: ExternalClient,
): AclRule {
  return new AclRule(
    `${name}-rule`,
    { network, name, from: [device(one)], to: [device(other)] },
    options,
  );
}

function device({ clientId }: ExternalClient): {
  readonly kind: "device";
  readonly id: pulumi.Output<string>;
} {
  return { kind: "device", id: clientId };
}
