/** Where pods of the apps may run. */
import type * as k8s from "@pulumi/kubernetes";

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
