/** The descheduler's pod, as others name it; without Pulumi's SDK, like everything that a definition loads. */
import type { PodGroup } from "../network-policy.ts";

/** Its name, and that of its objects. */
export const NAME = "descheduler";
/** Its pod. */
export const PODS: PodGroup = { namespace: NAME, labels: { app: NAME } };

/** Its objects that lie in no namespace, and its namespace, as `kind/name`. */
export const CLUSTER_WIDE_NAMES = ["namespace", "clusterrole", "clusterrolebinding"].map(
  (kind) => `${kind}/${NAME}`,
);
