import * as pulumi from "@pulumi/pulumi";

import type * as api from "../api/index.ts";
import type { Inputs } from "./inputs.ts";

/** How a key ends: give one, or none for a key that never does. */
interface Limit {
  /** Devices that may join with it, 1 or more. */
  readonly uses?: number | undefined;
  /** When it ends, RFC 3339: `2026-12-24T18:00:00Z`. */
  readonly expires?: string | undefined;
}

export type EnrollmentKeyArgs = Inputs<Omit<api.EnrollmentKeyArgs, "limit"> & Limit>;

/**
 * An enrolment key: a device that has its token becomes a member. Uses that are gone are no change.
 *
 * Import: `pulumi import netmaker:index:EnrollmentKey <name> <key's name>`.
 */
export class EnrollmentKey extends pulumi.CustomResource {
  declare readonly name: pulumi.Output<string>;
  /** What a device is given: `netclient join -t`. Secret. */
  declare readonly token: pulumi.Output<string>;
  /** The key itself. Secret. */
  declare readonly value: pulumi.Output<string>;
  /** Uses that were left at the last look; unset for a key that is not limited by uses. */
  declare readonly usesRemaining: pulumi.Output<number | undefined>;

  constructor(name: string, args: EnrollmentKeyArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "netmaker:index:EnrollmentKey",
      name,
      { ...args, value: undefined, token: undefined, usesRemaining: undefined },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["value", "token"] }),
    );
  }
}
