/**
 * Resource type tokens of `@pulumi/kubernetes` and the Kubernetes kinds they stand for, with what
 * must be known of a built-in kind when no cluster can be asked.
 */

import type { Kind } from "@fogline/kubernetes-checks/immutable";

export type { Kind };

/** Modules of the official package that render manifests themselves. */
const RENDERERS = /^(helm\.sh|helm|kustomize|yaml)(\/|$)/;
/** Built-in kinds that are refused, and why. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [
    /Patch$/,
    "Patch resources are not supported by the kubernetes stand-in; declare the whole object, or change it with a RemoteScript",
  ],
  [/List$/, "List resources are not supported by the kubernetes stand-in; declare each object"],
  [
    /^(Status|Binding|Eviction|TokenReview)$/,
    "it is no object that the cluster keeps, so it cannot be a resource",
  ],
  [
    /^(PersistentVolume|Pod|ReplicaSet|ReplicationController|ResourceQuota)$/,
    "the kubernetes stand-in does not wait for it as the official plugin does, as no app has one; a Deployment, a StatefulSet or a Job makes pods, and a claim its volume",
  ],
];

const CLUSTER_SCOPED = new Set(
  `APIService CertificateSigningRequest ClusterRole ClusterRoleBinding ClusterTrustBundle
   ComponentStatus CSIDriver CSINode CustomResourceDefinition DeviceClass DeviceTaintRule FlowSchema
   IPAddress IngressClass MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
   MutatingWebhookConfiguration Namespace Node PersistentVolume PriorityClass
   PriorityLevelConfiguration ResourceSlice RuntimeClass ServiceCIDR StorageClass
   StorageVersionMigration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding
   ValidatingWebhookConfiguration VolumeAttachment VolumeAttributesClass`.split(/\s+/),
);

/** Built-in kinds without a status: nothing about them stays unknown before the update. */
const WITHOUT_STATUS = new Set(
  `ClusterRole ClusterRoleBinding ConfigMap ControllerRevision CSIDriver CSINode
   CSIStorageCapacity Endpoints EndpointSlice Event IngressClass Lease LimitRange NetworkPolicy
   PodTemplate PriorityClass Role RoleBinding RuntimeClass Secret ServiceAccount StorageClass
   VolumeAttributesClass MutatingWebhookConfiguration ValidatingWebhookConfiguration`.split(/\s+/),
);

export const groupOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";

/** Groups that Kubernetes serves itself. Other groups under k8s.io are custom resources. */
const BUILT_IN_GROUPS = new Set([
  "",
  ..."apps autoscaling batch extensions meta policy settings.k8s.io".split(" "),
  ..."admissionregistration apiextensions apiregistration auditregistration certificates coordination discovery events flowcontrol.apiserver internal.apiserver networking node rbac.authorization resource scheduling storage storagemigration"
    .split(" ")
    .map((group) => `${group}.k8s.io`),
]);

const isBuiltIn = ({ apiVersion }: Kind): boolean => BUILT_IN_GROUPS.has(groupOf(apiVersion));

/** Whether objects of the kind live in a namespace; undefined when only the cluster knows. */
export function isNamespaced(kind: Kind): boolean | undefined {
  return isBuiltIn(kind) ? !CLUSTER_SCOPED.has(kind.kind) : undefined;
}

export const hasStatus = (kind: Kind): boolean =>
  !isBuiltIn(kind) || !WITHOUT_STATUS.has(kind.kind);

/**
 * The kind behind a token such as `kubernetes:apps/v1:Deployment` or, for a custom resource,
 * `kubernetes:traefik.io/v1alpha1:Middleware`.
 *
 * @throws naming the token and what to use instead when the stand-in does not support it.
 */
export function parseToken(token: string): Kind {
  const [pkg, module = "", kind = ""] = token.split(":");
  if (pkg !== "kubernetes" || module === "" || kind === "") {
    throw new Error(`${token} is not a resource type of the kubernetes provider`);
  }
  if (RENDERERS.test(module)) {
    throw new Error(
      `${token} renders manifests, which the kubernetes stand-in does not support; declare the objects as resources instead`,
    );
  }
  const apiVersion = module.startsWith("core/") ? module.slice("core/".length) : module;
  const refused = REFUSED.find(([pattern]) => pattern.test(kind));
  if (refused !== undefined && isBuiltIn({ apiVersion, kind })) {
    throw new Error(`${token}: ${refused[1]}`);
  }
  return { apiVersion, kind };
}
