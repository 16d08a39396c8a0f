/** Controllers that run pods: Deployment, StatefulSet, DaemonSet, Job. */
import type { JsonObject } from "@fogline/pulumi-kit/json";

import { numberAt, objectAt, stringAt } from "../values.ts";
import {
  condition,
  explainEvents,
  explainPods,
  holds,
  listIn,
  ownedBy,
  podsOwnedBy,
  selectedBy,
  summary,
} from "./pods.ts";
import { done, failed, waiting, type Readiness, type Scope, type Verdict } from "./wait.ts";

const REVISION = "deployment.kubernetes.io/revision";

const status = (object: JsonObject, field: string): number =>
  numberAt(object, "status", field) ?? 0;
/** Absent replicas mean one, as the API's default. */
const replicas = (object: JsonObject): number => numberAt(object, "spec", "replicas") ?? 1;

/** Whether the status speaks of the present spec and not of the one before. */
const isObserved = (object: JsonObject): boolean =>
  status(object, "observedGeneration") >= (numberAt(object, "metadata", "generation") ?? 0);

/** What is waited for, and what keeps pods from it. */
const withPods = async (
  text: string,
  pods: JsonObject[] | Promise<JsonObject[]>,
): Promise<Verdict> => {
  const troubles = summary(await pods);
  return waiting(troubles === "" ? text : `${text}; ${troubles}`);
};

/** The ReplicaSet of a Deployment's present revision. */
async function currentReplicaSet(live: JsonObject, scope: Scope): Promise<JsonObject | undefined> {
  const sets = await listIn(scope, "/apis/apps/v1", "replicasets", selectedBy(live));
  const revision = (object: JsonObject): string | undefined =>
    stringAt(object, "metadata", "annotations", REVISION);
  return ownedBy(sets, live).find((set) => revision(set) === revision(live));
}

/** Pods of a Deployment's present revision. */
export const deploymentPods = async (live: JsonObject, scope: Scope): Promise<JsonObject[]> => {
  const set = await currentReplicaSet(live, scope);
  return set === undefined ? [] : podsOwnedBy(live, scope, set);
};

/**
 * Every wanted pod of the newest revision is available and no older one is left. A rollout that
 * Kubernetes itself gives up (progressDeadlineSeconds) is waited for all the same, as its cause may
 * pass.
 */
export const deployment: Readiness = {
  async look(live, scope) {
    if (!isObserved(live)) {
      return waiting("the controller has not seen the change yet");
    }
    if (objectAt(live, "spec")["paused"] === true) {
      return done("the rollout is paused");
    }
    const wanted = replicas(live);
    const updated = status(live, "updatedReplicas");
    const available = status(live, "availableReplicas");
    const total = status(live, "replicas");
    if (updated >= wanted && available >= updated && total === updated) {
      return done(`${available} of ${wanted} pods available`);
    }
    const ready = Math.min(updated, Math.max(0, available - (total - updated)));
    const old = total - updated;
    const text = `[${ready}/${wanted}] pods available${old > 0 ? `, ${old} old pods left` : ""}`;
    return withPods(text, deploymentPods(live, scope));
  },
  async explain(live, scope) {
    const set = await currentReplicaSet(live, scope);
    const pods = set === undefined ? [] : await podsOwnedBy(live, scope, set);
    // Without pods it is the ReplicaSet that was refused them: a quota, a missing account.
    const events = set === undefined || pods.length > 0 ? [] : await explainEvents(set, scope);
    const failure = condition(live, "ReplicaFailure");
    const progress = condition(live, "Progressing");
    const stuck = progress?.["status"] === "False" ? [stringAt(progress, "message") ?? ""] : [];
    return [
      ...stuck,
      ...(failure === undefined ? [] : [stringAt(failure, "message") ?? "pods cannot be created"]),
      ...events,
      ...(await explainPods(pods, scope)),
    ];
  },
};

/** All pods run the newest revision and are ready; a partition leaves the lower ones as they are. */
export const statefulSet: Readiness = {
  async look(live, scope) {
    if (!isObserved(live)) {
      return waiting("the controller has not seen the change yet");
    }
    const wanted = replicas(live);
    const strategy = objectAt(live, "spec", "updateStrategy");
    const partition = numberAt(strategy, "rollingUpdate", "partition") ?? 0;
    const rolls = strategy["type"] !== "OnDelete";
    const ready = status(live, "readyReplicas");
    const updated = status(live, "updatedReplicas");
    const toUpdate = rolls ? Math.max(0, wanted - partition) : 0;
    const sameRevision =
      !rolls ||
      partition > 0 ||
      stringAt(live, "status", "currentRevision") === stringAt(live, "status", "updateRevision");
    if (
      ready >= wanted &&
      status(live, "replicas") === wanted &&
      updated >= toUpdate &&
      sameRevision
    ) {
      return done(`${ready} of ${wanted} pods ready`);
    }
    const text = `[${ready}/${wanted}] pods ready, ${updated} of ${toUpdate} updated`;
    return withPods(text, podsOwnedBy(live, scope));
  },
  explain: explainOwned,
};

/** One available pod of the newest revision on every node that the set selects. */
export const daemonSet: Readiness = {
  async look(live, scope) {
    if (!isObserved(live)) {
      return waiting("the controller has not seen the change yet");
    }
    const wanted = status(live, "desiredNumberScheduled");
    const available = status(live, "numberAvailable");
    const updated = status(live, "updatedNumberScheduled");
    const rolls = stringAt(live, "spec", "updateStrategy", "type") !== "OnDelete";
    if (available >= wanted && (updated >= wanted || !rolls)) {
      return done(`${available} of ${wanted} pods available`);
    }
    const text = `[${available}/${wanted}] pods available, ${updated} updated`;
    return withPods(text, podsOwnedBy(live, scope));
  },
  explain: explainOwned,
};

/** A Job runs to its end: complete, or failed. */
export const job: Readiness = {
  async look(live, scope) {
    if (holds(live, "Complete")) {
      return done("the job is complete");
    }
    if (objectAt(live, "spec")["suspend"] === true) {
      return done("the job is suspended");
    }
    const failure = condition(live, "Failed");
    if (failure?.["status"] === "True") {
      const reason = stringAt(failure, "reason") ?? "Failed";
      return failed(`the job failed: ${reason}: ${stringAt(failure, "message") ?? ""}`);
    }
    if (stringAt(live, "status", "startTime") === undefined) {
      return waiting("the job has not started yet");
    }
    const wanted = numberAt(live, "spec", "completions") ?? 1;
    const succeeded = numberAt(live, "status", "succeeded") ?? 0;
    return withPods(`[${succeeded}/${wanted}] runs complete`, podsOwnedBy(live, scope));
  },
  explain: explainOwned,
};

async function explainOwned(live: JsonObject, scope: Scope): Promise<string[]> {
  const pods = await podsOwnedBy(live, scope);
  return [...(await explainEvents(live, scope)), ...(await explainPods(pods, scope))];
}
