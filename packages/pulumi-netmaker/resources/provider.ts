/** The provider: which server, and who asks it. */
import * as pulumi from "@pulumi/pulumi";

export interface ProviderArgs {
  /** Where the API is: `https://api.netmaker.example.com`. */
  readonly url: pulumi.Input<string>;
  /** A user of the server who may administer networks; with `password`. */
  readonly username?: pulumi.Input<string>;
  /** Secret. */
  readonly password?: pulumi.Input<string>;
  /** The server's `MASTER_KEY` in place of a user; it cannot make ACL rules. Secret. */
  readonly masterKey?: pulumi.Input<string>;
  /** Certificates (PEM) of authorities to trust in addition to the well-known ones. Default none. */
  readonly ca?: pulumi.Input<string>;
  /**
   * Seconds for one call, 1 to 600; four times as many with repetitions. Default 15. A server that cannot reach
   * the internet may need 30 s for each key that it has.
   */
  readonly timeout?: pulumi.Input<number>;
}

/**
 * A Netmaker server, 1.5 or newer, community edition.
 *
 * Calls are bounded in time. The plugin is in the folder `provider` of this package: name that in
 * `Pulumi.yaml` under `plugins.providers`.
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs, opts?: pulumi.ResourceOptions) {
    const secret = (value?: pulumi.Input<string>): pulumi.Output<string> | undefined =>
      value === undefined ? undefined : pulumi.secret(value);
    super(
      "netmaker",
      name,
      { ...args, password: secret(args.password), masterKey: secret(args.masterKey) },
      opts,
    );
  }
}
