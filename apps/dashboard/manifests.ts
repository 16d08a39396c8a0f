/**
 * Every object of the dashboard as plain data: the component registers them, tests send the same ones
 * to a live cluster.
 */
import type * as k8s from "@pulumi/kubernetes";

import { DENY_ALL, policyOf, type Connection, type PodGroup } from "../network-policy.ts";
import { podSecurityLabels } from "../pod-security.ts";
import type { DashboardImages, DashboardKind } from "./images.ts";
import { dashboardPod, HTTP } from "./pod.ts";
import { accessRules, ACCOUNTS, NAMESPACE } from "./roles.ts";

/** Name of the deployment, its service and the account its pod runs as. */
export const NAME = "dashboard";

/** What the dashboard is made from. */
export interface DashboardPlan extends DashboardImages {
  readonly kind: DashboardKind;
  /** Connections that its pod may take part in. */
  readonly connections: readonly Connection[];
}

/** An object whose name is known before anything exists. */
type Named<T> = T & { readonly metadata: { readonly name: string; readonly namespace?: string } };

/** Objects by kind; within a list, names differ. */
export interface DashboardManifests {
  readonly namespace: Named<k8s.types.input.core.v1.Namespace>;
  readonly accounts: readonly Named<k8s.types.input.core.v1.ServiceAccount>[];
  readonly clusterRoles: readonly Named<k8s.types.input.rbac.v1.ClusterRole>[];
  readonly clusterBindings: readonly Named<k8s.types.input.rbac.v1.ClusterRoleBinding>[];
  readonly roles: readonly Named<k8s.types.input.rbac.v1.Role>[];
  readonly bindings: readonly Named<k8s.types.input.rbac.v1.RoleBinding>[];
  readonly secrets: readonly Named<k8s.types.input.core.v1.Secret>[];
  readonly configMaps: readonly Named<k8s.types.input.core.v1.ConfigMap>[];
  readonly networkPolicies: readonly Named<k8s.types.input.networking.v1.NetworkPolicy>[];
  readonly deployment: Named<k8s.types.input.apps.v1.Deployment>;
  readonly service: Named<k8s.types.input.core.v1.Service>;
}

/** Its pod. */
export const PODS: PodGroup = { namespace: NAMESPACE, labels: { app: NAME } };

const { labels: LABELS } = PODS;
const RBAC = "rbac.authorization.k8s.io/v1";
/** Kubernetes Dashboard keeps these three for itself, under names that are fixed in its source. */
const OWN_SECRETS = ["kubernetes-dashboard-csrf", "kubernetes-dashboard-key-holder"];
const OWN_CONFIG = "kubernetes-dashboard-settings";

/** The objects of one dashboard. */
export function dashboardManifests(plan: DashboardPlan): DashboardManifests {
  const isArchived = plan.kind === "kubernetes-dashboard";
  const { roles, bindings } = accessRules();
  return {
    namespace: {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: {
        name: NAMESPACE,
        labels: podSecurityLabels("restricted"),
      },
    },
    accounts: [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: metadata(NAME) },
      ...Object.values(ACCOUNTS).map((name) => account(name)),
    ],
    clusterRoles: [
      ...roles.map(({ name, rules }) => clusterRole(name, rules)),
      ...(isArchived ? [clusterRole("dashboard-scraper", SCRAPER_RULES)] : []),
    ],
    clusterBindings: [
      ...bindings.map(({ role, accounts }) => clusterBinding(role, accounts)),
      ...(isArchived ? [clusterBinding("dashboard-scraper", [NAME])] : []),
    ],
    roles: isArchived ? [ownRole()] : [],
    bindings: isArchived ? [ownBinding()] : [],
    // Declared without data: what the dashboard writes into them stays its own.
    secrets: isArchived
      ? OWN_SECRETS.map((name) => ({ apiVersion: "v1", kind: "Secret", metadata: metadata(name) }))
      : [],
    configMaps: isArchived
      ? [{ apiVersion: "v1", kind: "ConfigMap", metadata: metadata(OWN_CONFIG) }]
      : [],
    networkPolicies: networkPolicies(plan.connections),
    deployment: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: metadata(NAME),
      spec: {
        replicas: 1,
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS },
          spec: dashboardPod(plan.kind, plan, NAME),
        },
      },
    },
    service: {
      apiVersion: "v1",
      kind: "Service",
      metadata: metadata(NAME),
      spec: {
        type: "ClusterIP",
        selector: LABELS,
        ports: [{ name: HTTP, port: 80, targetPort: HTTP }],
      },
    },
  };
}

/** Objects of a kind of dashboard that lie in no namespace, and its namespace, as `kind/name`. */
export function clusterWideNames(kind: DashboardPlan["kind"]): string[] {
  const { namespace, clusterRoles, clusterBindings } = dashboardManifests({
    kind,
    connections: [],
  });
  return [
    `namespace/${namespace.metadata.name}`,
    ...clusterRoles.map(({ metadata: { name } }) => `clusterrole/${name}`),
    ...clusterBindings.map(({ metadata: { name } }) => `clusterrolebinding/${name}`),
  ];
}

/** The objects in an order in which they can be applied: the namespace first, the pods last. */
export function inOrder(manifests: DashboardManifests): readonly Named<object>[] {
  const { namespace, deployment, service, ...lists } = manifests;
  return [namespace, ...Object.values(lists).flat(), deployment, service];
}

const SCRAPER_RULES: readonly k8s.types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: ["metrics.k8s.io"], resources: ["nodes", "pods"], verbs: ["get", "list", "watch"] },
];

function metadata(name: string): { name: string; namespace: string; labels: typeof LABELS } {
  return { name, namespace: NAMESPACE, labels: LABELS };
}

/** An account that no pod runs as; nothing but TokenRequest makes a token of it. */
function account(name: string): Named<k8s.types.input.core.v1.ServiceAccount> {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: metadata(name),
    automountServiceAccountToken: false,
  };
}

function clusterRole(
  name: string,
  rules: readonly k8s.types.input.rbac.v1.PolicyRule[],
): Named<k8s.types.input.rbac.v1.ClusterRole> {
  return {
    apiVersion: RBAC,
    kind: "ClusterRole",
    metadata: { name, labels: LABELS },
    rules: [...rules],
  };
}

function clusterBinding(
  role: string,
  accounts: readonly string[],
): Named<k8s.types.input.rbac.v1.ClusterRoleBinding> {
  return {
    apiVersion: RBAC,
    kind: "ClusterRoleBinding",
    metadata: { name: role, labels: LABELS },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: accounts.map((name) => ({ kind: "ServiceAccount", name, namespace: NAMESPACE })),
  };
}

function ownRole(): Named<k8s.types.input.rbac.v1.Role> {
  return {
    apiVersion: RBAC,
    kind: "Role",
    metadata: metadata(NAME),
    rules: [
      {
        apiGroups: [""],
        resources: ["secrets"],
        resourceNames: OWN_SECRETS,
        verbs: ["get", "update"],
      },
      {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: [OWN_CONFIG],
        verbs: ["get", "update"],
      },
    ],
  };
}

function ownBinding(): Named<k8s.types.input.rbac.v1.RoleBinding> {
  return {
    apiVersion: RBAC,
    kind: "RoleBinding",
    metadata: metadata(NAME),
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: NAME },
    subjects: [{ kind: "ServiceAccount", name: NAME, namespace: NAMESPACE }],
  };
}

/** One policy denies all in the namespace, the other allows the pod what the table says. */
function networkPolicies(
  table: readonly Connection[],
): Named<k8s.types.input.networking.v1.NetworkPolicy>[] {
  const policy = { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy" } as const;
  return [
    { ...policy, metadata: metadata(NAME), spec: policyOf(PODS, table) },
    { ...policy, metadata: metadata("default-deny"), spec: DENY_ALL },
  ];
}
