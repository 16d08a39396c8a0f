/**
 * The section `edge`: devices that exist already, and how each is reached. One of three ways:
 *
 * - `lan`: this computer reaches the device's SSH directly (the default)
 * - `jump`: through another SSH server, which reaches the device
 * - `bundle`: nobody reaches the device; a join bundle is carried to it, and it dials out
 */
import { z } from "zod";

import { count, dnsLabel, forwardedHost, host, hostKey, linuxUser, login, port } from "./fields.ts";

const common = {
  /** Node name in the cluster. */
  name: dnsLabel,
  /** Processor architecture, as container images name it. */
  arch: z
    .enum(["amd64", "arm64"], { error: "must be amd64 or arm64|use one of them" })
    .default("arm64"),
  /** Whether it is lost for good: taken out of the list after one more `up`, it is not asked to leave. */
  lost: z.boolean({ error: "must be true or false|write true or false" }).default(false),
};

const ssh = {
  /** Where this computer reaches its SSH. */
  host,
  port: port.default(22),
  /** User that may run sudo without a password. */
  user: login.default("pi"),
  /** The device's public host key: pinned, never trusted on first use. */
  hostKey,
};

const lan = way("lan", { reach: z.literal("lan").default("lan"), ...common, ...ssh });

const jump = way("jump", {
  reach: z.literal("jump"),
  ...common,
  ...ssh,
  /** Where the jump host reaches its SSH; that one's resolver is asked for a name. */
  host: forwardedHost,
  /** The SSH server on the way; the operator's key logs in there, and it forwards TCP. */
  jump: z.strictObject(
    { host, port: port.default(22), user: login, hostKey },
    {
      error: ({ code }) =>
        code === "unrecognized_keys"
          ? undefined
          : "must name the jump host|write {host, user, hostKey} of the SSH server on the way",
    },
  ),
});

const bundle = way("bundle", {
  reach: z.literal("bundle"),
  ...common,
  /** User that the bundle makes, who may run sudo and logs in with the operator's key. */
  user: linuxUser.default("fogline"),
  bundle: z
    .strictObject({
      /** Hours for which a new bundle is good. */
      validHours: count(1, 168).default(24),
      /** Minutes that `up` waits for the device; the next `up` goes on waiting. */
      waitMinutes: count(1, 240).default(30),
      /** Number of the bundle: one more makes a new bundle and ends the one before. */
      issue: count(1, 10_000).default(1),
    })
    .prefault({}),
});

/** Every device, each by its own way. */
export const edge = z
  .array(
    z.discriminatedUnion("reach", [lan, jump, bundle], {
      error: "must be a known way to reach the device|use lan, jump or bundle",
    }),
  )
  .default([])
  .meta({
    description: "devices, reached by `lan`, `jump` or `bundle` (`docs/raspberry-pi.md`)",
    without: "none",
  });

/** A device of the stack file, told apart by `reach`. */
export type EdgeDevice = Readonly<z.output<typeof edge>[number]>;
/** A device whose SSH is reached, directly or through a jump host. */
export type ReachableDevice = Exclude<EdgeDevice, { reach: "bundle" }>;
/** A device that joins by itself. */
export type BundleDevice = Extract<EdgeDevice, { reach: "bundle" }>;

/** Fields of one way; a field of another way is refused as such. */
function way<T extends z.core.$ZodLooseShape>(
  reach: string,
  shape: T,
): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? `is not a setting of a device with reach: ${reach}|remove it, or choose another way: lan, jump or bundle`
        : undefined,
  });
}
