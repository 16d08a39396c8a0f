import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

export type EgressArgs = Inputs<api.EgressArgs>;

/**
 * An egress: a range outside a network that its members reach through one of them. A range that
 * overlaps the network or another egress is refused here; the server would take it.
 *
 * Import: `pulumi import netmaker:index:Egress <name> <network>/<egress's id>`.
 */
export class Egress extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly range: pulumi.Output<string>;
  /** What ACL rules name. */
  declare readonly egressId: pulumi.Output<string>;

  constructor(name: string, args: EgressArgs, opts?: pulumi.CustomResourceOptions) {
    super("netmaker:index:Egress", name, { ...args, egressId: undefined }, opts);
  }
}
