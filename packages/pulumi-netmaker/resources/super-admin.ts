import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

export type SuperAdminArgs = Inputs<api.SuperAdmin>;

/**
 * The server's first user, who may do everything. Make it right after the server: whoever comes first
 * owns it. The provider is given the same name and password; everything else depends on this.
 */
export class SuperAdmin extends pulumi.CustomResource {
  declare readonly username: pulumi.Output<string>;

  constructor(name: string, args: SuperAdminArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "netmaker:index:SuperAdmin",
      name,
      { ...args, password: pulumi.secret(args.password) },
      opts,
    );
  }
}
