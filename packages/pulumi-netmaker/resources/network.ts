import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

export type NetworkArgs = Inputs<
  api.NetworkArgs & {
    /**
     * Whether the rules that come with a network are enabled: every member reaches every other, and
     * every gateway. False: only what `AclRule`s allow. Default true.
     */
    readonly defaultRules?: boolean | undefined;
  }
>;

/**
 * A network. Name, ranges, keepalive and MTU are for good: another value makes it anew, with all that
 * is in it. Deleting it deletes its members' memberships, its clients, rules and keys.
 *
 * Import: `pulumi import netmaker:index:Network <name> <network>`.
 */
export class Network extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly addressRange: pulumi.Output<string | undefined>;
  declare readonly addressRange6: pulumi.Output<string | undefined>;
  /** The server's own id. */
  declare readonly networkId: pulumi.Output<string>;

  constructor(name: string, args: NetworkArgs, opts?: pulumi.CustomResourceOptions) {
    super("netmaker:index:Network", name, { ...args, networkId: undefined }, opts);
  }
}
