import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

export type GatewayArgs = Inputs<
  api.GatewayArgs & {
    readonly network: string;
    /** The member that becomes a gateway: a host's `nodeId`. It has to run Linux. */
    readonly node: string;
  }
>;

/**
 * A gateway: the member through which external clients reach a network. Deleting it deletes them.
 *
 * Import: `pulumi import netmaker:index:Gateway <name> <network>/<node's id>`.
 */
export class Gateway extends pulumi.CustomResource {
  declare readonly network: pulumi.Output<string>;
  /** What external clients name as their gateway. */
  declare readonly node: pulumi.Output<string>;
  /** With the network's prefix length. */
  declare readonly address: pulumi.Output<string>;
  declare readonly address6: pulumi.Output<string | undefined>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { address: undefined, address6: undefined };
    super("netmaker:index:Gateway", name, { ...args, ...outputs }, opts);
  }
}
