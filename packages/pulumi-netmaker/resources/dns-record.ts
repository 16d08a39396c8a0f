import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

export type DnsRecordArgs = Inputs<api.DnsRecordArgs>;

/**
 * A DNS record of a network, beside those that the server makes for its members.
 *
 * Import: `pulumi import netmaker:index:DnsRecord <name> <network>/<record's name>`.
 */
export class DnsRecord extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  /** As members ask for it: the name, and the server's domain if it has one. */
  declare readonly domainName: pulumi.Output<string>;

  constructor(name: string, args: DnsRecordArgs, opts?: pulumi.CustomResourceOptions) {
    super("netmaker:index:DnsRecord", name, { ...args, domainName: undefined }, opts);
  }
}
