/** Kinds that the API server in memory serves. */
import type { JsonObject } from "@fogline/pulumi-kit/json";

/** By the path that their collections lie under. */
export const KINDS: Record<string, [plural: string, kind: string, namespaced: boolean][]> = {
  "/api/v1": [
    ["namespaces", "Namespace", false],
    ["pods", "Pod", true],
    ["pods/log", "Pod", true],
    ["services", "Service", true],
    ["configmaps", "ConfigMap", true],
    ["secrets", "Secret", true],
    ["events", "Event", true],
    ["persistentvolumeclaims", "PersistentVolumeClaim", true],
  ],
  "/apis/apps/v1": [
    ["deployments", "Deployment", true],
    ["replicasets", "ReplicaSet", true],
  ],
  "/apis/batch/v1": [["jobs", "Job", true]],
  "/apis/storage.k8s.io/v1": [["storageclasses", "StorageClass", false]],
  "/apis/networking.k8s.io/v1": [["ingresses", "Ingress", true]],
  "/apis/discovery.k8s.io/v1": [["endpointslices", "EndpointSlice", true]],
};

/** Kind and API version of the object at a path. */
export function kindAt(path: string): JsonObject {
  const [, root = "", plural = ""] =
    /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\/(?:namespaces\/[^/]+\/)?([^/]+)\/[^/]+$/.exec(path) ?? [];
  const found = KINDS[root]?.find(([name]) => name === plural);
  return found === undefined ? {} : { apiVersion: root.replace(/^\/apis?\//, ""), kind: found[1] };
}

/** Groups of the kinds that have one, for discovery. */
export function groups(): JsonObject[] {
  return Object.keys(KINDS)
    .filter((root) => root.startsWith("/apis/"))
    .map((root) => {
      const groupVersion = root.slice("/apis/".length);
      const [name = "", version = ""] = groupVersion.split("/");
      const preferred = { groupVersion, version };
      return { name, versions: [preferred], preferredVersion: preferred };
    });
}
