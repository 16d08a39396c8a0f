/**
 * How packets get from a pod on one node to a pod on another one: the setting, what it asks of other settings, and
 * what its change does to a cluster that runs. Pure. docs/pod-network.md tells when to use which.
 */
import { z } from "zod";

import type { Known } from "./known.ts";
import type { Problem } from "./problems.ts";
import { mind, refuse, type Transition } from "./transition-kind.ts";

/**
 * - `vxlan`: flannel packs pods' packets into packets between nodes. Works wherever nodes reach each other.
 * - `host-gw`: flannel sets a route to each other node's pods by way of that node, so that nothing is packed. The
 *   next hop of a route must be reached directly by the interface that leads to the other nodes.
 * - `none`: no flannel and no controller of network policies; whoever runs the cluster installs another network.
 */
export const FLANNEL_BACKENDS = ["vxlan", "host-gw", "none"] as const;
export type FlannelBackend = (typeof FLANNEL_BACKENDS)[number];

/** K3s' own default as well (docs.k3s.io/networking/basic-network-options). */
export const DEFAULT_BACKEND: FlannelBackend = "vxlan";

/** The setting `k3s.flannelBackend`. */
export const flannelBackend = z
  .enum(FLANNEL_BACKENDS, {
    error: "must be a known way between nodes for pods' packets|use vxlan, host-gw or none",
  })
  .default(DEFAULT_BACKEND)
  .describe(
    "way of pods' packets between nodes: `vxlan`, `host-gw`, or `none` for one of yours (`docs/pod-network.md`)",
  );

/** Whether an overlay can carry what the backend sends. */
export function flannelRules({ k3s, overlay }: Known): Problem[] {
  return k3s.flannelBackend === "host-gw" && overlay.kind === "netmaker"
    ? [
        {
          path: "fogline:k3s.flannelBackend",
          rule:
            "host-gw needs every node to reach every other one directly, by one interface, and fogline:overlay.kind is netmaker: " +
            "its cloud workers are in the cloud's network alone, where neither a device nor a pod's address is a neighbour",
          fix: "use vxlan, or an overlay of kind wireguard (docs/pod-network.md)",
        },
      ]
    : [];
}

/** What a change of the backend does to a cluster that runs. */
export function backendChanges(before: FlannelBackend, after: FlannelBackend): Transition[] {
  if (before === after) {
    return [];
  }
  const change = `changes from ${before} to ${after}: `;
  return before === "none" || after === "none"
    ? [
        refuse(
          "k3s.flannelBackend",
          `${change}what the network before it has left on nodes (interfaces, rules, its plug-in's configuration) stays, and pods keep its addresses`,
          `put ${before} back, or build the cluster anew: dump the database, pulumi destroy, pulumi up, restore (docs/plan.md)`,
        ),
      ]
    : [
        mind(
          "k3s.flannelBackend",
          `${change}K3s is started anew on one node after the other, and until all have changed, pods of those that have do not reach pods of the others`,
          "choose a time when that does no harm",
        ),
      ];
}
