/**
 * What the official plugin warns of while it waits, of healthy objects, too: conditions that do not
 * hold yet, containers that are not ready yet, and every event of type Warning that the object has,
 * old ones included. They go to the resource's status, and say nothing of how the wait will end.
 */
import type { JsonObject } from "@fogline/pulumi-kit/json";

import { listAt, stringAt } from "../values.ts";
import { nameOf, podsOwnedBy, warningEvents } from "./pods.ts";
import type { Scope } from "./wait.ts";
import { deploymentPods } from "./workloads.ts";

/** Pods are not checked before this, in milliseconds. */
const PODS_AFTER = 10_000;

/**
 * Warnings about an object as it is now.
 *
 * @param waited for how long it has been waited for, in milliseconds
 */
export async function warningsOf(
  live: JsonObject,
  scope: Scope,
  waited: number,
): Promise<string[]> {
  const pods = waited < PODS_AFTER ? [] : await podsOf(live, scope);
  return [...conditions(live, scope), ...pods.flatMap(unready), ...(await eventsOf(live, scope))];
}

/** Texts of the Warning events of an object. */
export async function eventsOf(live: JsonObject, scope: Scope): Promise<string[]> {
  return (await warningEvents(live, scope)).map(
    (event) => `${stringAt(event, "reason") ?? ""}: ${stringAt(event, "message") ?? ""}`,
  );
}

function conditions(live: JsonObject, { ref }: Scope): string[] {
  if (ref.kind !== "Deployment") {
    return [];
  }
  return listAt(live, "status", "conditions")
    .filter(({ type }) => type === "Progressing" || type === "Available")
    .filter(({ status }) => status !== "True")
    .map((entry) => `[${stringAt(entry, "reason") ?? ""}] ${stringAt(entry, "message") ?? ""}`);
}

function podsOf(live: JsonObject, scope: Scope): Promise<JsonObject[]> | JsonObject[] {
  switch (scope.ref.kind) {
    case "Deployment":
      return deploymentPods(live, scope);
    case "StatefulSet":
    case "DaemonSet":
      return podsOwnedBy(live, scope);
    default:
      return [];
  }
}

function unready(pod: JsonObject): string[] {
  const names = listAt(pod, "status", "containerStatuses")
    .filter(({ ready }) => ready !== true)
    .map((container) => stringAt(container, "name") ?? "");
  const namespace = stringAt(pod, "metadata", "namespace") ?? "default";
  const place = namespace === "default" ? nameOf(pod) : `${namespace}/${nameOf(pod)}`;
  return names.length === 0
    ? []
    : [`[Pod ${place}]: containers with unready status: [${names.join(" ")}]`];
}
