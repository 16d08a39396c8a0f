import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

export type AclRuleArgs = Inputs<api.AclRuleArgs>;

/**
 * An ACL rule: who in a network may reach whom, both ways. Rules allow; the network's own
 * `all-nodes` rule lets everybody reach everybody as long as it is enabled.
 *
 * Import: `pulumi import netmaker:index:AclRule <name> <network>/<rule's id>`.
 */
export class AclRule extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  declare readonly ruleId: pulumi.Output<string>;

  constructor(name: string, args: AclRuleArgs, opts?: pulumi.CustomResourceOptions) {
    super("netmaker:index:AclRule", name, { ...args, ruleId: undefined }, opts);
  }
}
