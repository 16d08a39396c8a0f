/** The service account of a machine, as objects of Kubernetes: pure. */
import { stringify } from "yaml";

/** Namespace of the service accounts of machines. */
export const ACCOUNTS = "fogline-nodes";

const RBAC = "rbac.authorization.k8s.io";
const READER = "fogline:node-reader";

/**
 * What S0-33 asks of kubectl on every node: to look. Secrets, ConfigMaps and every write stay out, and so does
 * exec, which reads what a pod can read.
 */
const READS: Readonly<Record<string, readonly string[]>> = {
  "": [
    ...["nodes", "namespaces", "pods", "pods/log", "services", "endpoints", "events"],
    ...["persistentvolumes", "persistentvolumeclaims"],
  ],
  apps: ["deployments", "daemonsets", "statefulsets", "replicasets"],
  batch: ["jobs", "cronjobs"],
  "networking.k8s.io": ["ingresses", "networkpolicies"],
  autoscaling: ["horizontalpodautoscalers"],
  policy: ["poddisruptionbudgets"],
  "discovery.k8s.io": ["endpointslices"],
};

/**
 * Objects that `admit.sh` applies, as YAML: a service account that may read and nothing else, and its token.
 *
 * @param machine what tells the machine from another one of its name
 */
export function accountObjects(node: string, machine: string): string {
  const own = { name: node, namespace: ACCOUNTS };
  const objects = [
    {
      apiVersion: "v1",
      kind: "Namespace",
      // It holds accounts and no pods: whoever may make one there gets nothing by it.
      metadata: { name: ACCOUNTS, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRole",
      metadata: { name: READER },
      rules: [
        ...Object.entries(READS).map(([group, resources]) => ({
          apiGroups: [group],
          resources,
          verbs: ["get", "list", "watch"],
        })),
        { apiGroups: ["metrics.k8s.io"], resources: ["nodes", "pods"], verbs: ["get", "list"] },
      ],
    },
    {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { ...own, annotations: { "fogline/machine": machine } },
      automountServiceAccountToken: false,
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: `fogline:node:${node}` },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: READER },
      subjects: [{ kind: "ServiceAccount", ...own }],
    },
    // A token that is good until it is deleted: a certificate could be renewed, but not be taken back.
    {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/service-account-token",
      metadata: { ...own, annotations: { "kubernetes.io/service-account.name": node } },
    },
  ];
  return objects.map((object) => stringify(object, { sortMapEntries: true })).join("---\n");
}
