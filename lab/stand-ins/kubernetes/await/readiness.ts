/** Which kinds are waited for, and how. */
import { groupOf, type Kind } from "../tokens.ts";
import { stringAt } from "../values.ts";
import { condition, holds } from "./pods.ts";
import { ingress, service } from "./service.ts";
import { claim } from "./storage.ts";
import { done, failed, waiting, type Readiness } from "./wait.ts";
import { daemonSet, deployment, job, statefulSet } from "./workloads.ts";

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

const BY_KIND: Record<string, Readiness> = {
  "/Namespace": namespace,
  "/PersistentVolumeClaim": claim,
  "/Service": service,
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
  "apps/DaemonSet": daemonSet,
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "batch/Job": job,
  "networking.k8s.io/Ingress": ingress,
};

/** How objects of a kind get ready; undefined when applying them is all there is. */
export const readinessOf = ({ apiVersion, kind }: Kind): Readiness | undefined =>
  BY_KIND[`${groupOf(apiVersion)}/${kind}`];
