import type { JsonObject } from "@fogline/pulumi-kit/json";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readinessOf } from "./readiness.ts";
import type { Scope, Verdict } from "./wait.ts";
import { Client } from "../client.ts";
import { Cluster } from "../cluster.ts";
import { readKubeconfig } from "../kubeconfig.ts";
import { TestApiServer } from "../testing/api-server.ts";
import { objectAt } from "../values.ts";

let api: TestApiServer;
beforeEach(async () => {
  api = new TestApiServer();
  await api.start();
});
afterEach(() => api.stop());

function scopeOf(apiVersion: string, kind: string): Scope {
  return {
    cluster: new Cluster(new Client(readKubeconfig(api.kubeconfig))),
    ref: { apiVersion, kind, namespace: "default", name: "a" },
    signal: new AbortController().signal,
  };
}

async function look(
  apiVersion: string,
  kind: string,
  live: JsonObject,
): Promise<Verdict | undefined> {
  const object = { metadata: { name: "a", uid: "u1", generation: 1 }, ...live };
  return readinessOf({ apiVersion, kind })?.look(object, scopeOf(apiVersion, kind));
}

async function explain(apiVersion: string, kind: string, live: JsonObject): Promise<string[]> {
  const object = { metadata: { name: "a", uid: "u1" }, ...live };
  const readiness = readinessOf({ apiVersion, kind });
  return (await readiness?.explain?.(object, scopeOf(apiVersion, kind))) ?? [];
}

const selector = { matchLabels: { app: "web" } };
const ownedBy = (uid: string): JsonObject => ({ ownerReferences: [{ uid, controller: true }] });
const pods = "/api/v1/namespaces/default/pods";

/** A ReplicaSet of the Deployment `u1`, and a pod of it with the given status. */
function roll(status: JsonObject): void {
  api.put("/apis/apps/v1/namespaces/default/replicasets/a-1", {
    metadata: { uid: "rs1", labels: { app: "web" }, ...ownedBy("u1") },
  });
  api.put(`${pods}/a-1-x`, {
    metadata: { uid: "p1", labels: { app: "web" }, ...ownedBy("rs1") },
    status,
  });
  api.put(`${pods}/unrelated`, {
    metadata: { labels: { app: "web" } },
    status: { phase: "Failed" },
  });
}
const held = (reason: string, message: string): JsonObject => ({
  phase: "Pending",
  containerStatuses: [{ name: "web", restartCount: 0, state: { waiting: { reason, message } } }],
});

describe("Deployment", () => {
  const status = (fields: JsonObject): JsonObject => ({
    spec: { replicas: 2, selector },
    status: { observedGeneration: 1, ...fields },
  });
  const full = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

  it.each<[string, JsonObject, boolean]>([
    ["all pods of the new revision available", full, true],
    ["an old pod is left", { ...full, replicas: 3 }, false],
    ["a new pod is missing", { ...full, updatedReplicas: 1 }, false],
    ["a pod is not available", { ...full, availableReplicas: 1 }, false],
    ["the status speaks of the spec before", { ...full, observedGeneration: 0 }, false],
  ])("%s", async (_name, fields, ready) => {
    expect((await look("apps/v1", "Deployment", status(fields)))?.done).toBe(ready);
  });

  it("says which pod it waits for, and why", async () => {
    roll(held("ContainerCreating", ""));
    const verdict = await look(
      "apps/v1",
      "Deployment",
      status({ replicas: 2, updatedReplicas: 2 }),
    );
    expect(verdict?.message).toBe("[0/2] pods available; pod a-1-x: ContainerCreating");
  });

  it("waits on when Kubernetes gives the rollout up, and says so when its own time is over", async () => {
    const reason = "ProgressDeadlineExceeded";
    const conditions = [{ type: "Progressing", status: "False", reason, message: "timed out" }];
    const live = status({ conditions });
    expect(await look("apps/v1", "Deployment", live)).not.toHaveProperty("failure");
    expect(await explain("apps/v1", "Deployment", live)).toContain("timed out");
  });

  it("needs nothing more without replicas or when paused", async () => {
    const none = { spec: { replicas: 0, selector }, status: { observedGeneration: 1 } };
    expect((await look("apps/v1", "Deployment", none))?.done).toBe(true);
    const paused = { spec: { paused: true, selector }, status: { observedGeneration: 1 } };
    expect((await look("apps/v1", "Deployment", paused))?.done).toBe(true);
  });

  it("explains failing pods by reason, events and last words", async () => {
    roll({
      phase: "Running",
      containerStatuses: [
        {
          name: "web",
          restartCount: 3,
          state: { waiting: { reason: "CrashLoopBackOff", message: "back-off 10s" } },
        },
      ],
    });
    api.logs.set("a-1-x/web", "Error: DATABASE_URL is not set\n");
    api.put("/api/v1/namespaces/default/events/e1", {
      involvedObject: { uid: "p1" },
      type: "Warning",
      reason: "BackOff",
      message: "Back-off restarting",
    });
    expect(await explain("apps/v1", "Deployment", status({}))).toEqual([
      "pod a-1-x: CrashLoopBackOff: back-off 10s",
      "  event: BackOff: Back-off restarting",
      "  web: Error: DATABASE_URL is not set",
    ]);
    expect(
      api.requests.some((line) => line.includes("/log?") && line.includes("previous=true")),
    ).toBe(true);
  });
});

describe("StatefulSet", () => {
  const spec = { replicas: 2, selector, updateStrategy: { type: "RollingUpdate" } };
  const full = {
    observedGeneration: 1,
    replicas: 2,
    readyReplicas: 2,
    updatedReplicas: 2,
    currentRevision: "r1",
    updateRevision: "r1",
  };
  it.each<[string, JsonObject, JsonObject, boolean]>([
    ["all ready", {}, {}, true],
    ["one not ready", {}, { readyReplicas: 1 }, false],
    ["revision still rolling", {}, { currentRevision: "r0" }, false],
    [
      "an update by hand",
      { type: "OnDelete" },
      { currentRevision: "r0", updatedReplicas: 0 },
      true,
    ],
    [
      "a partition",
      { rollingUpdate: { partition: 1 } },
      { currentRevision: "r0", updatedReplicas: 1 },
      true,
    ],
  ])("%s", async (_name, strategy, fields, ready) => {
    const live = {
      spec: { ...spec, updateStrategy: { ...objectAt(spec, "updateStrategy"), ...strategy } },
      status: { ...full, ...fields },
    };
    expect((await look("apps/v1", "StatefulSet", live))?.done).toBe(ready);
  });
});

describe("DaemonSet", () => {
  it.each([
    [2, 2, true],
    [1, 2, false],
    [2, 1, false],
  ])(
    "%d of 2 available, %d of 2 updated",
    async (numberAvailable, updatedNumberScheduled, ready) => {
      const status = {
        observedGeneration: 1,
        desiredNumberScheduled: 2,
        numberAvailable,
        updatedNumberScheduled,
      };
      expect((await look("apps/v1", "DaemonSet", { spec: { selector }, status }))?.done).toBe(
        ready,
      );
    },
  );
});

describe("Job", () => {
  const run = (status: JsonObject, spec: JsonObject = {}): Promise<Verdict | undefined> =>
    look("batch/v1", "Job", { spec: { selector, ...spec }, status });
  it("is done when complete or suspended, and fails when it failed", async () => {
    expect((await run({ conditions: [{ type: "Complete", status: "True" }] }))?.done).toBe(true);
    expect((await run({}, { suspend: true }))?.done).toBe(true);
    expect((await run({ startTime: "t" }))?.message).toBe("[0/1] runs complete");
    const failure = {
      type: "Failed",
      status: "True",
      reason: "BackoffLimitExceeded",
      message: "m",
    };
    expect((await run({ conditions: [failure] }))?.failure).toContain("BackoffLimitExceeded: m");
  });
});

describe("Service and Ingress", () => {
  const slice = (ready: boolean): void => {
    api.put("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/a-1", {
      metadata: { labels: { "kubernetes.io/service-name": "a" } },
      endpoints: [{ conditions: { ready } }],
    });
  };
  const service = (spec: JsonObject): Promise<Verdict | undefined> =>
    look("v1", "Service", { spec });

  it.each<[string, JsonObject]>([
    ["headless", { selector: { app: "web" }, clusterIP: "None" }],
    ["without a selector", {}],
    ["of type ExternalName", { type: "ExternalName", selector: { app: "web" } }],
  ])("a Service %s is not waited for", async (_name, spec) => {
    expect((await service(spec))?.done).toBe(true);
  });

  it("a Service waits for a ready endpoint, and for an address of its balancer", async () => {
    const spec = { selector: { app: "web" } };
    expect((await service(spec))?.message).toContain("no pod matches the selector");
    slice(false);
    expect((await service(spec))?.message).toBe("no ready endpoint, 1 not ready");
    slice(true);
    expect((await service(spec))?.done).toBe(true);
    expect((await service({ ...spec, type: "LoadBalancer" }))?.message).toContain("no address yet");
  });

  it("an Ingress waits for its backends and its address", async () => {
    const backend = { service: { name: "a" } };
    const spec = { rules: [{ http: { paths: [{ backend }] } }] };
    const ingress = (status: JsonObject): Promise<Verdict | undefined> =>
      look("networking.k8s.io/v1", "Ingress", { spec, status });
    expect((await ingress({}))?.message).toBe("service a does not exist");
    api.put("/api/v1/namespaces/default/services/a", { spec: {} });
    expect((await ingress({}))?.message).toBe("service a has no ready endpoint");
    slice(true);
    expect((await ingress({}))?.message).toContain("no address yet");
    const address = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
    expect((await ingress(address))?.done).toBe(true);
  });
});

describe("PersistentVolumeClaim", () => {
  const claim = (phase: string): Promise<Verdict | undefined> =>
    look("v1", "PersistentVolumeClaim", { spec: {}, status: { phase } });
  const storageClass = (volumeBindingMode: string): void => {
    api.put("/apis/storage.k8s.io/v1/storageclasses/local", {
      metadata: { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      volumeBindingMode,
    });
  };

  it("is waited for until it is bound", async () => {
    storageClass("Immediate");
    expect((await claim("Pending"))?.message).toBe("not bound yet (class local)");
    expect((await claim("Bound"))?.done).toBe(true);
    expect((await claim("Lost"))?.failure).toBeDefined();
  });

  it("is not waited for when its class waits for a consumer", async () => {
    storageClass("WaitForFirstConsumer");
    expect((await claim("Pending"))?.done).toBe(true);
  });
});

describe("other kinds", () => {
  it.each<[string, string, JsonObject, boolean]>([
    ["v1", "Namespace", { status: { phase: "Active" } }, true],
    ["v1", "Namespace", {}, false],
    [
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      { status: { conditions: [{ type: "Established", status: "True" }] } },
      true,
    ],
  ])("%s %s %j: %s", async (apiVersion, kind, live, ready) => {
    expect((await look(apiVersion, kind, live))?.done).toBe(ready);
  });

  it("have nothing to wait for", () => {
    expect(readinessOf({ apiVersion: "v1", kind: "ConfigMap" })).toBeUndefined();
    const autoscaler = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler" };
    expect(readinessOf(autoscaler)).toBeUndefined();
  });
});
