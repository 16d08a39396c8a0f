/** A Deployment on the API server in memory, with what a cluster's controllers write of it. */
import type { JsonObject } from "@fogline/pulumi-kit/json";

import type { TestApiServer } from "../stand-ins/kubernetes/testing/api-server.ts";

const APPS = "/apis/apps/v1/namespaces/default";
/** Its path in the API. */
export const DEPLOYMENT_PATH = `${APPS}/deployments/one`;
const LABELS = { app: "one" };
/** A Deployment of one pod. */
export const DEPLOYMENT: JsonObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "one", namespace: "default" },
  spec: {
    replicas: 1,
    selector: { matchLabels: LABELS },
    template: {
      metadata: { labels: LABELS },
      spec: { containers: [{ name: "app", image: "app" }] },
    },
  },
};

/** What the controllers of a cluster write of `DEPLOYMENT` and its only pod. */
export function rollOut(api: TestApiServer, isReady: boolean): void {
  const annotations = { "deployment.kubernetes.io/revision": "1" };
  const count = { observedGeneration: 1, replicas: 1, updatedReplicas: 1 };
  const ready = isReady ? { readyReplicas: 1, availableReplicas: 1 } : {};
  api.put(DEPLOYMENT_PATH, {
    metadata: { annotations, generation: 1 },
    status: {
      ...{ ...count, ...ready },
      conditions: [
        {
          ...{ type: "Available", status: isReady ? "True" : "False" },
          ...(isReady
            ? { reason: "MinimumReplicasAvailable", message: "it has them" }
            : {
                reason: "MinimumReplicasUnavailable",
                message: "Deployment does not have minimum availability.",
              }),
        },
        {
          ...{ type: "Progressing", status: "True", message: "it goes on" },
          reason: isReady ? "NewReplicaSetAvailable" : "ReplicaSetUpdated",
        },
      ],
    },
  });
  const owner = (kind: string, owned: string): JsonObject => ({
    ...{ apiVersion: "apps/v1", kind, name: "one", controller: true },
    uid: (api.get(owned)?.["metadata"] as { uid: string }).uid,
  });
  const set = `${APPS}/replicasets/one`;
  api.put(set, {
    metadata: {
      annotations,
      labels: LABELS,
      ownerReferences: [owner("Deployment", DEPLOYMENT_PATH)],
    },
    spec: { replicas: 1, selector: { matchLabels: LABELS } },
    status: { replicas: 1, ...ready },
  });
  const status = { status: isReady ? "True" : "False" };
  api.put("/api/v1/namespaces/default/pods/one-1", {
    metadata: { labels: LABELS, ownerReferences: [owner("ReplicaSet", set)] },
    status: {
      phase: "Running",
      conditions: [
        { type: "PodScheduled", status: "True" },
        { type: "Initialized", status: "True" },
        {
          ...{ type: "Ready", ...status },
          ...(isReady
            ? {}
            : { reason: "ContainersNotReady", message: "containers with unready status: [app]" }),
        },
      ],
      containerStatuses: [
        {
          ...{ name: "app", image: "app", imageID: "app", restartCount: 0, ready: isReady },
          state: { running: {} },
        },
      ],
    },
  });
}
