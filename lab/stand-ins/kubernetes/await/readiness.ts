/** Which kinds are waited for, and how. */
import { equal, type JsonObject } from "@fogline/pulumi-kit/json";

import { expectations, unmet } from "../annotations.ts";
import { groupOf, type Kind } from "../tokens.ts";
import { objectAt, stringAt } from "../values.ts";
import { job } from "./job.ts";
import { condition, holds, pod } from "./pods.ts";
import { ingress, service } from "./service.ts";
import { claim, volume } from "./storage.ts";
import { done, failed, waiting, type Readiness } from "./wait.ts";
import { daemonSet, deployment, replicaSet, statefulSet } from "./workloads.ts";

const namespace: Readiness = {
  look: (live) =>
    stringAt(live, "status", "phase") === "Active"
      ? done("active")
      : waiting(`the namespace is ${stringAt(live, "status", "phase") ?? "not active yet"}`),
};

const definition: Readiness = {
  look(live) {
    const names = condition(live, "NamesAccepted");
    if (names?.["status"] === "False" && names["reason"] !== "NotAccepted") {
      return failed(`its names are refused: ${stringAt(names, "message") ?? ""}`);
    }
    return holds(live, "Established") ? done("established") : waiting("not established yet");
  },
};

const quota: Readiness = {
  look: (live) =>
    equal(objectAt(live, "spec", "hard"), objectAt(live, "status", "hard"))
      ? done("in force")
      : waiting("the quota is not in force yet"),
};

const BY_KIND: Record<string, Readiness> = {
  "/Namespace": namespace,
  "/PersistentVolume": volume,
  "/PersistentVolumeClaim": claim,
  "/Pod": pod,
  "/ReplicationController": withSelector(replicaSet),
  "/ResourceQuota": quota,
  "/Service": service,
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
  "apps/DaemonSet": daemonSet,
  "apps/Deployment": deployment,
  "apps/ReplicaSet": replicaSet,
  "apps/StatefulSet": statefulSet,
  "batch/Job": job,
  "networking.k8s.io/Ingress": ingress,
};

/** How objects of a kind get ready; undefined when applying them is all there is. */
export const readinessOf = ({ apiVersion, kind }: Kind): Readiness | undefined =>
  BY_KIND[`${groupOf(apiVersion)}/${kind}`];

/** Readiness by the object's own `pulumi.com/waitFor`, which takes the place of the kind's. */
export function declaredReadiness(object: JsonObject): Readiness | undefined {
  const wanted = expectations(object);
  if (wanted.length === 0) {
    return undefined;
  }
  return {
    look(live) {
      const open = unmet(live, wanted);
      return open === undefined ? done("as declared") : waiting(`${open} does not hold yet`);
    },
  };
}

/** A ReplicationController selects by plain labels, without `matchLabels`. */
function withSelector(readiness: Readiness): Readiness {
  const lift = (live: JsonObject): JsonObject => ({
    ...live,
    spec: {
      ...objectAt(live, "spec"),
      selector: { matchLabels: objectAt(live, "spec", "selector") },
    },
  });
  return {
    look: (live, scope) => readiness.look(lift(live), scope),
    explain: async (live, scope) => (await readiness.explain?.(lift(live), scope)) ?? [],
  };
}
