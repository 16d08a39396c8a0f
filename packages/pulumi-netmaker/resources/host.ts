import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

type Settings = Pick<
  api.HostUpdate,
  "endpointIp" | "isStatic" | "listenPort" | "isStaticPort" | "mtu" | "keepalive"
>;

/** What is not given stays as the host itself reports it. */
export type HostArgs = Inputs<
  Settings & {
    /** The name that the host enrolled with. */
    readonly name: string;
    readonly network: string;
  }
>;

/**
 * A host's membership of a network. The host enrols by itself, with a key's token; this waits up to a
 * minute for it. Deleting it takes the host out of the network, and off the server if it is in no
 * other.
 *
 * Import: `pulumi import netmaker:index:Host <name> <network>/<host's id>`.
 */
export class Host extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly network: pulumi.Output<string>;
  declare readonly hostId: pulumi.Output<string>;
  /** Id of the membership: what gateways, egresses and rules name. */
  declare readonly nodeId: pulumi.Output<string>;
  /** With the network's prefix length: `10.101.0.1/16`. */
  declare readonly address: pulumi.Output<string>;
  declare readonly address6: pulumi.Output<string | undefined>;
  declare readonly publicKey: pulumi.Output<string>;
  /** Of netclient. */
  declare readonly version: pulumi.Output<string>;

  constructor(name: string, args: HostArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { hostId: undefined, nodeId: undefined, address: undefined };
    const more = { address6: undefined, publicKey: undefined, version: undefined };
    super("netmaker:index:Host", name, { ...args, ...outputs, ...more }, opts);
  }
}
