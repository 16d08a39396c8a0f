/** Who may see and do what through the dashboard (S0-59): pure. */
import type * as k8s from "@pulumi/kubernetes";

type PolicyRule = k8s.types.input.rbac.v1.PolicyRule;

/** Namespace of the dashboard and of the accounts that log in to it. */
export const NAMESPACE = "dashboard";

/** Accounts to log in as, by role. Their tokens are made on demand and end by themselves. */
export const ACCOUNTS = { viewer: "dashboard-viewer", operator: "dashboard-operator" } as const;

/** What one may log in as. */
export type DashboardRole = keyof typeof ACCOUNTS;

const READ = ["get", "list", "watch"];

/**
 * Sees nodes, workloads, their logs, events and metrics (S0-51, S0-54). Named one by one: no Secret, no
 * ConfigMap, nothing that runs a command (`pods/exec`, `nodes/proxy`), and nothing that a later
 * release or another app adds by aggregation.
 */
export const VIEWER_RULES: readonly PolicyRule[] = [
  {
    apiGroups: [""],
    resources: [
      ...["nodes", "namespaces", "pods", "pods/log", "services", "endpoints", "events"],
      ...["persistentvolumes", "persistentvolumeclaims", "resourcequotas", "limitranges"],
    ],
    verbs: READ,
  },
  {
    apiGroups: ["apps"],
    resources: ["deployments", "replicasets", "statefulsets", "daemonsets"],
    verbs: READ,
  },
  { apiGroups: ["batch"], resources: ["jobs", "cronjobs"], verbs: READ },
  { apiGroups: ["autoscaling"], resources: ["horizontalpodautoscalers"], verbs: READ },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: READ },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: READ },
  {
    apiGroups: ["networking.k8s.io"],
    resources: ["ingresses", "ingressclasses", "networkpolicies"],
    verbs: READ,
  },
  { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: READ },
  { apiGroups: ["metrics.k8s.io"], resources: ["nodes", "pods"], verbs: READ },
];

/**
 * What the operator may do beyond seeing: restart and evict pods, scale, cordon a node. Not change a
 * pod template or open a shell: who can do that reads every Secret that a pod can mount.
 */
export const OPERATOR_RULES: readonly PolicyRule[] = [
  { apiGroups: [""], resources: ["pods"], verbs: ["delete"] },
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  { apiGroups: [""], resources: ["nodes"], verbs: ["patch"] },
  {
    apiGroups: ["apps"],
    resources: ["deployments/scale", "statefulsets/scale"],
    verbs: ["get", "update", "patch"],
  },
];

/** Rules and cluster-wide bindings of the accounts; the operator is a viewer as well. */
export function accessRules(): {
  readonly roles: readonly { readonly name: string; readonly rules: readonly PolicyRule[] }[];
  readonly bindings: readonly { readonly role: string; readonly accounts: readonly string[] }[];
} {
  const { viewer, operator } = ACCOUNTS;
  return {
    roles: [
      { name: viewer, rules: VIEWER_RULES },
      { name: operator, rules: OPERATOR_RULES },
    ],
    bindings: [
      { role: viewer, accounts: [viewer, operator] },
      { role: operator, accounts: [operator] },
    ],
  };
}
