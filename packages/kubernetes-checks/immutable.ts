/**
 * Fields that the API server never lets change, so that a change means a new object. Sources: the
 * update validation of each kind in Kubernetes 1.36, and the official provider's documentation for
 * ConfigMap and Secret.
 */

/** A kind of objects, e.g. `{ apiVersion: "apps/v1", kind: "Deployment" }`. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

/** Keys and indices that lead to a field. */
export type Path = readonly (string | number)[];

interface Rule {
  /** Paths whose change asks for a replacement; `*` stands for one segment. */
  readonly fixed: readonly string[];
  /** Paths below those that may change all the same. */
  readonly free?: readonly string[];
}

const ANY: string[] = ["kind", "metadata.name", "metadata.namespace"];
const CONTENT = ["binaryData", "data", "immutable", "stringData"];

/** By `<group>/<kind>`: immutability belongs to the kind, whatever version it is written in. */
const RULES: Record<string, Rule> = {
  "apps/DaemonSet": { fixed: ["spec.selector"] },
  "apps/Deployment": { fixed: ["spec.selector"] },
  "apps/ReplicaSet": { fixed: ["spec.selector"] },
  "apps/StatefulSet": {
    fixed: ["spec"],
    free: [
      "minReadySeconds",
      "ordinals",
      "persistentVolumeClaimRetentionPolicy",
      "replicas",
      "revisionHistoryLimit",
      "template",
      "updateStrategy",
    ].map((field) => `spec.${field}`),
  },
  "apps/ControllerRevision": { fixed: ["data"] },
  "batch/Job": {
    fixed: [
      "backoffLimitPerIndex",
      "completionMode",
      "completions",
      "managedBy",
      "manualSelector",
      "podFailurePolicy",
      "podReplacementPolicy",
      "selector",
      "successPolicy",
      "template",
    ].map((field) => `spec.${field}`),
  },
  "/Pod": {
    fixed: ["spec"],
    free: [
      "spec.activeDeadlineSeconds",
      "spec.containers.*.image",
      "spec.initContainers.*.image",
      "spec.schedulingGates",
      "spec.tolerations",
    ],
  },
  "/ConfigMap": { fixed: CONTENT },
  "/Secret": { fixed: [...CONTENT, "type"] },
  "/Service": { fixed: ["spec.clusterIP", "spec.clusterIPs", "spec.ipFamilies.0"] },
  "/PersistentVolumeClaim": {
    fixed: ["spec"],
    free: ["spec.resources.requests", "spec.volumeAttributesClassName"],
  },
  "/PersistentVolume": {
    fixed: ["spec"],
    free: [
      "accessModes",
      "capacity",
      "claimRef",
      "mountOptions",
      "persistentVolumeReclaimPolicy",
      "storageClassName",
      "volumeAttributesClassName",
    ].map((field) => `spec.${field}`),
  },
  "storage.k8s.io/StorageClass": {
    fixed: ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  },
  "storage.k8s.io/VolumeAttributesClass": { fixed: ["driverName", "parameters"] },
  "storage.k8s.io/VolumeAttachment": { fixed: ["spec"] },
  "rbac.authorization.k8s.io/RoleBinding": { fixed: ["roleRef"] },
  "rbac.authorization.k8s.io/ClusterRoleBinding": { fixed: ["roleRef"] },
  "networking.k8s.io/IngressClass": { fixed: ["spec.controller"] },
  "node.k8s.io/RuntimeClass": { fixed: ["handler"] },
  "scheduling.k8s.io/PriorityClass": { fixed: ["preemptionPolicy", "value"] },
  "discovery.k8s.io/EndpointSlice": { fixed: ["addressType"] },
  "certificates.k8s.io/CertificateSigningRequest": { fixed: ["spec"] },
  "apiextensions.k8s.io/CustomResourceDefinition": {
    fixed: ["spec.group", "spec.names.kind", "spec.names.plural", "spec.scope"],
  },
};

/**
 * Which changed paths of an object ask for its replacement.
 *
 * Content of ConfigMaps and Secrets does, as in the official provider by default: with a generated
 * name that rolls every workload that uses them.
 */
export function replacementTest({ apiVersion, kind }: Kind): (path: Path) => boolean {
  const group = apiVersion.includes("/") ? apiVersion.split("/")[0] : "";
  const { fixed, free = [] } = RULES[`${group ?? ""}/${kind}`] ?? { fixed: [] };
  return (path) =>
    // A change above a fixed path (a whole `spec` come or gone) changes the fixed path too.
    [...ANY, ...fixed].some((pattern) => below(path, pattern) || above(path, pattern)) &&
    !free.some((pattern) => below(path, pattern));
}

const matches = (segment: string | number | undefined, pattern: string | undefined): boolean =>
  pattern === "*" || String(segment) === pattern;

const below = (path: Path, pattern: string): boolean => {
  const parts = pattern.split(".");
  return path.length >= parts.length && parts.every((part, index) => matches(path[index], part));
};

const above = (path: Path, pattern: string): boolean => {
  const parts = pattern.split(".");
  return (
    path.length < parts.length && path.every((segment, index) => matches(segment, parts[index]))
  );
};
