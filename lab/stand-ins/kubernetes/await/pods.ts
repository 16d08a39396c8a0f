/** What pods say about themselves: for progress while waiting, and for the error afterwards. */
import type { JsonObject } from "@fogline/pulumi-kit/json";

import { DEFAULT_NAMESPACE } from "../check.ts";
import { textOf } from "../errors.ts";
import { listAt, numberAt, objectAt, stringAt } from "../values.ts";
import type { Scope } from "./wait.ts";

const LOG_LINES = 10;
const EVENTS = 4;
const PODS_EXPLAINED = 3;

export const condition = (object: JsonObject, type: string): JsonObject | undefined =>
  listAt(object, "status", "conditions").find((entry) => entry["type"] === type);

export const holds = (object: JsonObject, type: string): boolean =>
  condition(object, type)?.["status"] === "True";

const uidOf = (object: JsonObject): string | undefined => stringAt(object, "metadata", "uid");

export const nameOf = (object: JsonObject): string => stringAt(object, "metadata", "name") ?? "";

/** Objects of a collection in the scope's namespace, e.g. `/api/v1`, `pods`. */
export function listIn(
  scope: Scope,
  root: string,
  plural: string,
  query: Record<string, string> = {},
): Promise<JsonObject[]> {
  const namespace = scope.ref.namespace ?? DEFAULT_NAMESPACE;
  const path = `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  return scope.cluster.list(path, query, scope.signal);
}

/** Labels in the form that a query takes. */
export const selectorText = (labels: JsonObject): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value as string}`)
    .join(",");

/**
 * The query of what a workload may own. It may select by expressions, too, which are left out: it
 * owns nothing that it does not select.
 */
export const selectedBy = (live: JsonObject): Record<string, string> => ({
  labelSelector: selectorText(objectAt(live, "spec", "selector", "matchLabels")),
});

/** Pods that a workload runs at present; of a Deployment, those of a ReplicaSet of its own. */
export async function podsOwnedBy(
  live: JsonObject,
  scope: Scope,
  owner: JsonObject = live,
): Promise<JsonObject[]> {
  return ownedBy(await listIn(scope, "/api/v1", "pods", selectedBy(live)), owner);
}

export const ownedBy = (objects: JsonObject[], owner: JsonObject): JsonObject[] =>
  objects.filter((object) =>
    listAt(object, "metadata", "ownerReferences").some(({ uid }) => uid === uidOf(owner)),
  );

/** Why a pod is not ready, as a short phrase; undefined when it is. */
function trouble(pod: JsonObject): string | undefined {
  if (stringAt(pod, "metadata", "deletionTimestamp") !== undefined) {
    return "Terminating";
  }
  const phase = stringAt(pod, "status", "phase");
  if (phase === "Succeeded" || holds(pod, "Ready")) {
    return undefined;
  }
  const scheduled = condition(pod, "PodScheduled");
  if (scheduled?.["status"] === "False") {
    return words(stringAt(scheduled, "reason"), stringAt(scheduled, "message"));
  }
  for (const list of ["initContainerStatuses", "containerStatuses"]) {
    for (const container of listAt(pod, "status", list)) {
      const found = containerTrouble(container);
      if (found !== undefined) {
        return found;
      }
    }
  }
  if (phase === "Failed") {
    return words(stringAt(pod, "status", "reason") ?? "Failed", stringAt(pod, "status", "message"));
  }
  return phase === "Running" ? "running, not ready" : (phase ?? "not scheduled yet");
}

function containerTrouble(container: JsonObject): string | undefined {
  const state = objectAt(container, "state");
  const name = stringAt(container, "name") ?? "";
  const held = objectAt(state, "waiting");
  const ended = objectAt(state, "terminated");
  const exit = numberAt(ended, "exitCode");
  if (stringAt(held, "reason") !== undefined && held["reason"] !== "PodInitializing") {
    return words(stringAt(held, "reason"), stringAt(held, "message"));
  }
  if (exit !== undefined && exit !== 0) {
    const reason = stringAt(ended, "reason") ?? "ended";
    return words(`container ${name} ${reason}, exit code ${exit}`, stringAt(ended, "message"));
  }
  return undefined;
}

const words = (reason: string | undefined, message: string | undefined): string =>
  [reason, message].filter((part) => part !== undefined && part !== "").join(": ");

/** `pod a: ContainerCreating; pod b: …`: the first troubles of some pods, short. */
export function summary(pods: JsonObject[]): string {
  const texts = pods
    .map((pod) => ({ name: nameOf(pod), text: trouble(pod) }))
    .filter(({ text }) => text !== undefined && text !== "Terminating")
    .map(({ name, text }) => `pod ${name}: ${(text ?? "").slice(0, 120)}`);
  return texts.slice(0, 2).join("; ") + (texts.length > 2 ? `; ${texts.length - 2} more` : "");
}

/** Full troubles of pods: reason, events, and the last lines of a container that ended. */
export async function explainPods(pods: JsonObject[], scope: Scope): Promise<string[]> {
  const lines: string[] = [];
  const inTrouble = pods.filter((pod) => trouble(pod) !== undefined);
  for (const pod of inTrouble.slice(0, PODS_EXPLAINED)) {
    lines.push(`pod ${nameOf(pod)}: ${trouble(pod) ?? ""}`);
    lines.push(...(await explainEvents(pod, scope)));
    for (const container of listAt(pod, "status", "containerStatuses")) {
      lines.push(...(await lastWords(pod, container, scope)));
    }
  }
  if (inTrouble.length > PODS_EXPLAINED) {
    lines.push(`${inTrouble.length - PODS_EXPLAINED} more pods are not ready`);
  }
  return lines;
}

/** Events of type Warning that an object has. */
export const warningEvents = (object: JsonObject, scope: Scope): Promise<JsonObject[]> =>
  listIn(scope, "/api/v1", "events", {
    fieldSelector: `involvedObject.uid=${uidOf(object) ?? ""},type=Warning`,
  });

/** Warnings about an object, newest last. */
export async function explainEvents(object: JsonObject, scope: Scope): Promise<string[]> {
  try {
    const events = await warningEvents(object, scope);
    const seen = (event: JsonObject): string =>
      stringAt(event, "lastTimestamp") ?? stringAt(event, "eventTime") ?? "";
    return events
      .sort((a, b) => seen(a).localeCompare(seen(b)))
      .slice(-EVENTS)
      .map((event) => `  event: ${words(stringAt(event, "reason"), stringAt(event, "message"))}`);
  } catch (error) {
    return [`  its events could not be read: ${textOf(error)}`];
  }
}

async function lastWords(pod: JsonObject, container: JsonObject, scope: Scope): Promise<string[]> {
  const name = stringAt(container, "name") ?? "";
  const endedNow = objectAt(container, "state")["terminated"] !== undefined;
  const endedBefore = (numberAt(container, "restartCount") ?? 0) > 0;
  if (!endedNow && !endedBefore) {
    return [];
  }
  const namespace = encodeURIComponent(stringAt(pod, "metadata", "namespace") ?? DEFAULT_NAMESPACE);
  try {
    const log = await scope.cluster.client.text({
      method: "GET",
      path: `/api/v1/namespaces/${namespace}/pods/${encodeURIComponent(nameOf(pod))}/log`,
      query: {
        container: name,
        tailLines: String(LOG_LINES),
        // While the next try runs, the message that matters is that of the one that ended.
        previous: endedNow ? undefined : "true",
      },
      signal: scope.signal,
    });
    return log
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `  ${name}: ${line}`);
  } catch (error) {
    return [`  the log of ${name} could not be read: ${textOf(error)}`];
  }
}
