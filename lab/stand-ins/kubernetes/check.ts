/**
 * From what the program declares to the inputs that are kept in the state: apiVersion, kind,
 * namespace and name are filled in. Needs no cluster, so a preview of a cluster that does not exist
 * yet shows the same inputs as the update.
 */
import { createHash } from "node:crypto";

import { isObject, type JsonObject, type Path } from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { isUnknown } from "@fogline/pulumi-kit/values";

import { annotationProblems, AUTONAMED, isAutonamed } from "./annotations.ts";
import { isNamespaced, type Kind } from "./tokens.ts";
import { objectAt, stringAt } from "./values.ts";

/** The engine's wish for names that the program leaves out. */
export interface Autonaming {
  mode: "propose" | "enforce" | "disable";
  proposed: string;
}

export interface CheckArgs {
  kind: Kind;
  /** Name of the resource in the program. */
  resourceName: string;
  /** Inputs of the last update; absent for a new object and for the replacement of an old one. */
  old: JsonObject | undefined;
  news: JsonObject;
  /** Seed that the engine keeps between preview and update, so that both show the same name. */
  seed: Uint8Array;
  autonaming?: Autonaming | undefined;
  /** Namespace for objects that name none. */
  namespace: string;
}

export interface Checked {
  inputs: JsonObject;
  failures: { property: string; reason: string }[];
  /** Secret besides what the program marked: the content of every Secret. */
  secrets: Path[];
}

const MAX_NAME = 253;

export function check(args: CheckArgs): Checked {
  const { kind, news } = args;
  const failures: Checked["failures"] = [];
  for (const key of ["apiVersion", "kind"] as const) {
    const declared = news[key];
    if (declared !== undefined && !isUnknown(declared) && declared !== kind[key]) {
      failures.push({
        property: key,
        reason: `is ${JSON.stringify(declared)}, but the resource type asks for ${kind[key]}`,
      });
    }
  }
  let inputs: JsonObject = { ...news, apiVersion: kind.apiVersion, kind: kind.kind };
  const metadata = news["metadata"] ?? {};
  if (isUnknown(metadata)) {
    return { inputs, failures, secrets: secretPaths(kind) };
  }
  if (!isObject(metadata)) {
    failures.push({ property: "metadata", reason: "must be an object" });
    return { inputs, failures, secrets: [] };
  }
  if (metadata["generateName"] !== undefined) {
    failures.push({
      property: "metadata.generateName",
      reason:
        "is not supported by the kubernetes stand-in; leave metadata.name out for a generated name",
    });
  }
  inputs["metadata"] = metadata;
  inputs = withNamespace(inputs, kind, args.namespace, failures);
  inputs = withName(inputs, args, failures);
  for (const reason of annotationProblems(inputs)) {
    failures.push({ property: "metadata.annotations", reason });
  }
  return { inputs, failures, secrets: secretPaths(kind) };
}

function withNamespace(
  inputs: JsonObject,
  kind: Kind,
  namespace: string,
  failures: Checked["failures"],
): JsonObject {
  const metadata = objectAt(inputs, "metadata");
  const namespaced = isNamespaced(kind);
  if (namespaced === false && metadata["namespace"] !== undefined) {
    failures.push({
      property: "metadata.namespace",
      reason: `${kind.kind} is cluster-scoped; remove its namespace`,
    });
  }
  // Only the cluster knows the scope of a custom resource: its namespace stays as declared, and an
  // absent one is filled in when the object is applied.
  if (namespaced !== true || metadata["namespace"] !== undefined) {
    return inputs;
  }
  return { ...inputs, metadata: { ...metadata, namespace } };
}

function withName(inputs: JsonObject, args: CheckArgs, failures: Checked["failures"]): JsonObject {
  const metadata = objectAt(inputs, "metadata");
  if (metadata["name"] !== undefined) {
    const problem = nameProblem(metadata["name"]);
    if (problem !== undefined) {
      failures.push({ property: "metadata.name", reason: problem });
    }
    return inputs;
  }
  const kept =
    args.old !== undefined && isAutonamed(args.old)
      ? stringAt(args.old, "metadata", "name")
      : undefined;
  if (kept === undefined && args.autonaming?.mode === "disable") {
    failures.push({
      property: "metadata.name",
      reason: "is required, because automatic naming is disabled",
    });
    return inputs;
  }
  const name = kept ?? generatedName(args);
  const annotations = isUnknown(metadata["annotations"])
    ? UNKNOWN
    : { ...objectAt(metadata, "annotations"), [AUTONAMED]: "true" };
  return { ...inputs, metadata: { ...metadata, name, annotations } };
}

/** `<resource name>-<8 hex digits>`, or what the engine proposes instead. */
function generatedName({ resourceName, seed, autonaming }: CheckArgs): string {
  if (autonaming !== undefined && autonaming.proposed !== "") {
    return autonaming.proposed;
  }
  const digits = createHash("sha256").update(seed).digest("hex").slice(0, 8);
  return `${resourceName.slice(0, MAX_NAME - 9)}-${digits}`;
}

/** RBAC names may hold colons and more; what every kind refuses is caught before the cluster is. */
function nameProblem(name: unknown): string | undefined {
  if (typeof name !== "string") {
    return "must be text";
  }
  if (isUnknown(name)) {
    return undefined;
  }
  if (
    name === "" ||
    name.length > MAX_NAME ||
    /[/%\s]/.test(name) ||
    name === "." ||
    name === ".."
  ) {
    return `"${name}" is not a name that Kubernetes accepts: 1-${MAX_NAME} characters without spaces, slashes and per cent signs`;
  }
  return undefined;
}

const secretPaths = ({ apiVersion, kind }: Kind): Path[] =>
  apiVersion === "v1" && kind === "Secret" ? [["data"], ["stringData"]] : [];
