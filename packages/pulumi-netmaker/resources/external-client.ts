import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

export type ExternalClientArgs = Inputs<
  Omit<api.ExternalClientArgs, "id"> & {
    /** 5 to 32 of letters, digits and `-`; unique on the server, in whichever network. */
    readonly clientId: string;
    readonly network: string;
    /** The gateway: its `node`. */
    readonly gateway: string;
  }
>;

/**
 * An external client: a device that joins with a plain WireGuard configuration. Give its own
 * `publicKey`, and its private key never leaves it.
 *
 * Import: `pulumi import netmaker:index:ExternalClient <name> <network>/<client's id>`.
 */
export class ExternalClient extends pulumi.CustomResource {
  declare readonly clientId: pulumi.Output<string>;
  declare readonly network: pulumi.Output<string>;
  declare readonly publicKey: pulumi.Output<string | undefined>;
  /** Without a prefix length. */
  declare readonly address: pulumi.Output<string>;
  declare readonly address6: pulumi.Output<string | undefined>;
  /** Public address and port of the gateway. */
  declare readonly endpoint: pulumi.Output<string>;
  /** Unset where the client brought its own key. Secret. */
  declare readonly privateKey: pulumi.Output<string | undefined>;
  /**
   * The file for wg-quick, as the server gives it when the client is made, changed or refreshed. Secret.
   * Egresses of the same program are in it if the client depends on them.
   */
  declare readonly config: pulumi.Output<string>;

  constructor(name: string, args: ExternalClientArgs, opts?: pulumi.CustomResourceOptions) {
    const outputs = { address: undefined, address6: undefined, endpoint: undefined };
    const secrets = { privateKey: undefined, config: undefined };
    super(
      "netmaker:index:ExternalClient",
      name,
      { ...args, ...outputs, ...secrets },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: Object.keys(secrets) }),
    );
  }
}
