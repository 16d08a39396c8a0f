/** Default deny: pods of a namespace of ours take part in the connections of the table alone. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { DENY_ALL, policyOf, type Connection, type PodGroup } from "./network-policy.ts";

/**
 * Denies every connection of a namespace that no policy allows.
 *
 * @param name of the namespace's resource
 * @param after what allows: created before, so that a running stack misses no connection meanwhile
 */
export function denyByDefault(
  name: string,
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions & { readonly after?: readonly pulumi.Resource[] },
): k8s.networking.v1.NetworkPolicy {
  const { after = [], ...rest } = opts;
  return new k8s.networking.v1.NetworkPolicy(
    `${name}-default-deny`,
    { metadata: { name: "default-deny", namespace }, spec: DENY_ALL },
    // Denied before what allows is there, a running stack's connections would break meanwhile.
    { ...rest, dependsOn: [...after] },
  );
}

/** Allows a group of pods the connections that the table has for it. */
export function allow(
  name: string,
  metadata: k8s.types.input.meta.v1.ObjectMeta,
  group: PodGroup,
  table: readonly Connection[],
  opts: pulumi.CustomResourceOptions,
): k8s.networking.v1.NetworkPolicy {
  return new k8s.networking.v1.NetworkPolicy(
    name,
    { metadata, spec: policyOf(group, table) },
    opts,
  );
}
