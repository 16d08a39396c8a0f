/** The cloud's network: resource group, virtual network, subnet and one security group per role. */
import * as network from "@pulumi/azure-native/network/index.js";
import * as resources from "@pulumi/azure-native/resources/index.js";
import * as pulumi from "@pulumi/pulumi";

import { inboundRules } from "./rules.ts";

export interface NetworkArgs {
  /** What has to be done before anything is made in the cloud; default nothing. */
  readonly after?: readonly pulumi.Resource[];
  /** Resource group that holds everything. */
  readonly resourceGroup: string;
  /** Azure region. */
  readonly location: string;
  /** Range of the virtual network. */
  readonly range: string;
  /** Range of the machines' subnet, inside `range`. */
  readonly subnet: string;
  /** Ranges that may reach SSH. */
  readonly sshFrom: readonly string[];
  /** UDP port of the overlay's hub. */
  readonly wireguardPort: number;
  /**
   * For an overlay that the machines reach through the hub: the ranges that may reach its API on the
   * server. The machines' subnet then has a route table, which `routeThrough` fills.
   */
  readonly viaHub?: { readonly apiFrom: readonly string[] } | undefined;
  readonly tags: Readonly<Record<string, string>>;
  /** Whether it refuses to be deleted. */
  readonly protect: boolean;
}

/** A resource group with a virtual network, one subnet and two security groups. Costs nothing. */
export class Network extends pulumi.ComponentResource {
  readonly resourceGroupName: pulumi.Output<string>;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly subnetId: pulumi.Output<string>;
  readonly securityGroupIds: Readonly<Record<"server" | "agent", pulumi.Output<string>>>;

  private readonly routes: network.RouteTable | undefined;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    // Whether it is protected is an option of its parts, and changes none of them.
    const { after = [], protect, ...inputs } = args;
    super("fogline:azure:Network", name, inputs, opts);
    const child = { parent: this, protect };
    this.tags = { ...args.tags };
    const group = new resources.ResourceGroup(
      `${name}-group`,
      { resourceGroupName: args.resourceGroup, location: args.location, tags: this.tags },
      // Everything else in the cloud is in the group.
      { ...child, dependsOn: [...after] },
    );
    this.resourceGroupName = group.name;
    this.location = args.location;
    const where = { resourceGroupName: group.name, location: args.location, tags: this.tags };
    const virtual = new network.VirtualNetwork(
      `${name}-vnet`,
      {
        ...where,
        virtualNetworkName: name,
        addressSpace: { addressPrefixes: [args.range] },
      },
      child,
    );
    this.routes =
      args.viaHub === undefined
        ? undefined
        : new network.RouteTable(
            `${name}-routes`,
            { ...where, routeTableName: `${name}-routes` },
            // It goes with the overlay that needs it, out of a network that is protected, too.
            { parent: this, protect: false },
          );
    const subnet = new network.Subnet(
      `${name}-subnet`,
      {
        resourceGroupName: group.name,
        virtualNetworkName: virtual.name,
        subnetName: "machines",
        addressPrefix: args.subnet,
        ...(this.routes === undefined ? {} : { routeTable: { id: this.routes.id } }),
      },
      child,
    );
    this.subnetId = subnet.id;
    this.securityGroupIds = {
      server: this.securityGroup(`${name}-server`, "server", args, where),
      agent: this.securityGroup(`${name}-agent`, "agent", args, where),
    };
    this.registerOutputs({ subnetId: this.subnetId });
  }

  /**
   * Lets the machines of the subnet reach a range through one of them, whose NIC forwards.
   *
   * @throws RunError when the network was made without `viaHub`
   */
  routeThrough(
    name: string,
    range: string,
    hub: pulumi.Output<string>,
    opts?: pulumi.CustomResourceOptions,
  ): pulumi.Resource {
    if (this.routes === undefined) {
      throw new pulumi.RunError(`the network has no route table for ${range}: make it with viaHub`);
    }
    return new network.Route(
      name,
      {
        resourceGroupName: this.resourceGroupName,
        routeTableName: this.routes.name,
        routeName: name,
        addressPrefix: range,
        nextHopType: "VirtualAppliance",
        nextHopIpAddress: hub,
      },
      { parent: this, ...opts },
    );
  }

  private securityGroup(
    name: string,
    role: "server" | "agent",
    args: NetworkArgs,
    where: {
      resourceGroupName: pulumi.Output<string>;
      location: string;
      tags: Readonly<Record<string, string>>;
    },
  ): pulumi.Output<string> {
    const rules = inboundRules(role, args.sshFrom, args.wireguardPort, args.viaHub?.apiFrom);
    return new network.NetworkSecurityGroup(
      `${name}-rules`,
      {
        ...where,
        networkSecurityGroupName: name,
        securityRules: rules.map((rule) => ({
          name: rule.name,
          priority: rule.priority,
          direction: "Inbound",
          access: "Allow",
          protocol: rule.protocol,
          sourceAddressPrefixes: rule.from.includes("*") ? undefined : [...rule.from],
          sourceAddressPrefix: rule.from.includes("*") ? "*" : undefined,
          sourcePortRange: "*",
          destinationAddressPrefix: "*",
          destinationPortRange: String(rule.port),
        })),
      },
      { parent: this, protect: args.protect },
    ).id;
  }
}
