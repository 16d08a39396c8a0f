/** Where pods of the apps may run. */
import type * as k8s from "@pulumi/kubernetes";

import { given, TIMERS, type Timers } from "../config/failover.ts";

/** Workers of cloud and edge, never the control plane (S0-45). */
export const WORKERS_ONLY: k8s.types.input.core.v1.Affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        {
          matchExpressions: [
            { key: "node-role.kubernetes.io/control-plane", operator: "DoesNotExist" },
          ],
        },
      ],
    },
  },
};

/**
 * Cloud nodes, so that an edge device keeps its memory (S0-53), and rather the control plane than a
 * worker: what shows the loss of a worker should not be lost with it (S0-54).
 */
export const CLOUD_ONLY: k8s.types.input.core.v1.Affinity = {
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [
        { matchExpressions: [{ key: "tier", operator: "In", values: ["cloud"] }] },
      ],
    },
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        preference: {
          matchExpressions: [{ key: "node-role.kubernetes.io/control-plane", operator: "Exists" }],
        },
      },
    ],
  },
};

/** Lets a pod onto the control plane, past the taint that components/k3s/config.ts gives it. */
export const ON_CONTROL_PLANE: k8s.types.input.core.v1.Toleration = {
  key: "CriticalAddonsOnly",
  operator: "Exists",
};

/** How long a pod stays bound to a node that is lost, seconds; after that it is made elsewhere. */
export function leavesAfter(seconds: number): k8s.types.input.core.v1.Toleration[] {
  return ["not-ready", "unreachable"].map((state) => ({
    key: `node.kubernetes.io/${state}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: seconds,
  }));
}

/**
 * For pods whose volume lies on their node: elsewhere they cannot start, and deleted they would start anew when
 * the node comes back, instead of going on. Kubernetes' own 300 s, said aloud where other pods have less.
 */
export function staysWithItsVolume(
  timers: Timers,
): Pick<k8s.types.input.core.v1.PodSpec, "tolerations"> {
  return given(timers, "defaultTolerationSeconds") === undefined
    ? {}
    : { tolerations: leavesAfter(TIMERS.defaultTolerationSeconds.values.stock) };
}
