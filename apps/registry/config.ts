/** What the registry is told, and how it is found: pure. */
import { addressAt } from "@fogline/azure-checks/cidr";
import { stringify } from "yaml";

import type { PodGroup } from "../network-policy.ts";

/** The app, its namespace, its objects. */
export const NAME = "registry";
/** Its pod. */
export const PODS: PodGroup = { namespace: NAME, labels: { app: NAME } };
/** Registry that built images are named by. No name server knows it: nodes have a mirror for it. */
export const REGISTRY = "images.fogline.internal";
/** Port that nodes pull from. */
export const PULL_PORT = 5000;
/** Port of the pod's loopback that images are put in at: `kubectl port-forward` alone gets there. */
export const PUSH_PORT = 5001;
/** Where the volume is mounted. */
export const STORE = "/var/lib/registry";

/**
 * How far the Service's address is into the range. Kubernetes hands out the first addresses, 16 at
 * least, only when all others are taken, and K3s takes the 1st and the 10th.
 */
const OFFSET = 15;

/**
 * Address of the Service, fixed so that nodes know it before there is one.
 *
 * @throws RangeError when it is no range, or a smaller one than settings may have
 */
export function addressIn(serviceRange: string): string {
  return addressAt(serviceRange, OFFSET);
}

/** What nodes are told of the registry. */
export function mirrors(serviceRange: string): Readonly<Record<string, string[]>> {
  return { [REGISTRY]: [`http://${addressIn(serviceRange)}:${PULL_PORT}`] };
}

/** Configuration files of the two servers, which share the volume. */
export const CONFIG: Readonly<Record<"pull.yaml" | "push.yaml", string>> = {
  "pull.yaml": config(`:${PULL_PORT}`, true),
  "push.yaml": config(`127.0.0.1:${PUSH_PORT}`, false),
};

function config(addr: string, readonly: boolean): string {
  const purge = { enabled: !readonly, age: "24h", interval: "24h", dryrun: false };
  return stringify({
    version: 0.1,
    // Each request, so that the log shows what was sent.
    log: { level: "info", accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: STORE },
      // What the other server wrote is seen at once, as nothing is remembered.
      maintenance: { readonly: { enabled: readonly }, uploadpurging: purge },
    },
    http: { addr },
  });
}
