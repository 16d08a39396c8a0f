/** Traefik's pods, as others name them; without Pulumi's SDK, like everything that a definition loads. */
import type { PodGroup } from "../network-policy.ts";

/** Name of its objects. */
export const NAME = "traefik";
/** Class of the Ingress objects that it serves. */
export const CLASS = "traefik";
export const NAMESPACE = "ingress";
/** Its pods. */
export const PODS: PodGroup = { namespace: NAMESPACE, labels: { app: NAME } };

/** Its network is its node's, and its user is root, who alone may have ports below 1024 there. */
export const POD_SECURITY = "privileged";

/** Its objects that lie in no namespace, and its namespace, as `kind/name`. */
export const CLUSTER_WIDE_NAMES = [
  `namespace/${NAMESPACE}`,
  `ingressclass/${CLASS}`,
  ...["clusterrole", "clusterrolebinding"].map((kind) => `${kind}/${NAME}`),
];
