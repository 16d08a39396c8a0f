/**
 * From what the program declares to the inputs that are kept in the state: apiVersion, kind and
 * namespace are filled in. Needs no cluster, so a preview of a cluster that does not exist yet shows
 * the same inputs as the update.
 */
import { isObject, type JsonObject } from "@fogline/pulumi-kit/json";
import { isUnknown, type Problem } from "@fogline/pulumi-kit/values";

import { annotationProblems } from "./annotations.ts";
import { isNamespaced, type Kind } from "./tokens.ts";

export interface Checked {
  inputs: JsonObject;
  failures: Problem[];
}

/** Namespace of objects that name none. */
export const DEFAULT_NAMESPACE = "default";
const MAX_NAME = 253;

export function check(kind: Kind, news: JsonObject): Checked {
  const failures: Problem[] = [];
  for (const key of ["apiVersion", "kind"] as const) {
    const declared = news[key];
    if (declared !== undefined && !isUnknown(declared) && declared !== kind[key]) {
      failures.push({
        property: key,
        reason: `is ${JSON.stringify(declared)}, but the resource type asks for ${kind[key]}`,
      });
    }
  }
  const metadata = news["metadata"] ?? {};
  const inputs: JsonObject = { ...news, apiVersion: kind.apiVersion, kind: kind.kind, metadata };
  if (isUnknown(metadata)) {
    return { inputs, failures };
  }
  if (!isObject(metadata)) {
    failures.push({ property: "metadata", reason: "must be an object" });
    return { inputs, failures };
  }
  for (const reason of annotationProblems(inputs)) {
    failures.push({ property: "metadata.annotations", reason });
  }
  const problem = nameProblem(metadata["name"]);
  if (problem !== undefined) {
    failures.push({ property: "metadata.name", reason: problem });
  }
  const namespaced = isNamespaced(kind);
  if (namespaced === false && metadata["namespace"] !== undefined) {
    failures.push({
      property: "metadata.namespace",
      reason: `${kind.kind} is cluster-scoped; remove its namespace`,
    });
  }
  // Only the cluster knows the scope of a custom resource: its namespace stays as declared, and an
  // absent one is filled in when the object is applied.
  if (namespaced === true) {
    inputs["metadata"] = { namespace: DEFAULT_NAMESPACE, ...metadata };
  }
  return { inputs, failures };
}

/** RBAC names may hold colons and more; what every kind refuses is caught before the cluster is. */
function nameProblem(name: unknown): string | undefined {
  if (name === undefined) {
    return "is missing: generated names, metadata.generateName included, are not supported by the kubernetes stand-in";
  }
  if (typeof name !== "string") {
    return "must be text";
  }
  const isAccepted =
    isUnknown(name) || (name.length <= MAX_NAME && /^(?!\.{1,2}$)[^/%\s]+$/.test(name));
  return isAccepted
    ? undefined
    : `"${name}" is not a name that Kubernetes accepts: 1-${MAX_NAME} characters without spaces, slashes and per cent signs`;
}
