/**
 * Between the program's inputs, the manifest that the cluster gets and the outputs that the state
 * keeps. Pure.
 */
import {
  at,
  equal,
  isObject,
  withValue,
  type Json,
  type JsonObject,
  type Path,
} from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import type { Ref } from "./cluster.ts";
import { hasStatus, type Kind } from "./tokens.ts";
import { objectAt, stringAt } from "./values.ts";

/** Output in which the name of our field manager is kept; `__` hides it from displays. */
export const FIELD_MANAGER = "__fieldManager";
const INITIAL_VERSION = "__initialApiVersion";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const SERVER_METADATA = ["creationTimestamp", "generation", "resourceVersion", "uid"];

export const idOf = ({ namespace, name }: Ref): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** The object that an id (`namespace/name` or `name`) of a kind stands for. */
export function refOf(kind: Kind, id: string): Ref {
  const slash = id.indexOf("/");
  return slash === -1
    ? { ...kind, name: id }
    : { ...kind, namespace: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** TypeScript cannot name `x-kubernetes-…` fields plainly, so the SDK writes underscores. */
const renamed = (value: Json, from: RegExp, to: string): Json => {
  if (Array.isArray(value)) {
    return value.map((item) => renamed(item, from, to));
  }
  if (!isObject(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      from.test(key) ? key.replaceAll(to === "-" ? "_" : "-", to) : key,
      renamed(child, from, to),
    ]),
  );
};

const isDefinition = (kind: Kind): boolean => kind.kind === "CustomResourceDefinition";

const isSecret = ({ apiVersion, kind }: Kind): boolean => apiVersion === "v1" && kind === "Secret";

/**
 * `stringData` as `data`. The server does that too, but then the fields stay without an owner, and an
 * entry that leaves the program would stay in the Secret.
 */
function encoded(body: JsonObject): JsonObject {
  const { stringData, ...rest } = body;
  if (!isObject(stringData)) {
    return body;
  }
  const data: JsonObject = { ...objectAt(body, "data") };
  for (const [key, text] of Object.entries(stringData)) {
    const plain = typeof text === "string" ? text : JSON.stringify(text);
    data[key] = Buffer.from(plain).toString("base64");
  }
  return { ...rest, data };
}

/** A Secret with its `data` as `stringData` too, to be compared with inputs that use either. */
export function readable(object: JsonObject, kind: Kind): JsonObject {
  if (!isSecret(kind)) {
    return object;
  }
  const texts = Object.entries(objectAt(object, "data")).map(([key, data]) => [
    key,
    typeof data === "string" ? Buffer.from(data, "base64").toString("utf8") : data,
  ]);
  return { ...object, stringData: Object.fromEntries(texts) as JsonObject };
}

/** What is applied: the inputs, without what the cluster or the provider keeps for itself. */
export function manifest(inputs: JsonObject, ref: Ref): JsonObject {
  const own = Object.fromEntries(
    Object.entries(inputs).filter(([key]) => key !== "status" && !key.startsWith("__")),
  );
  const body = isDefinition(ref)
    ? (renamed(own, /^x_kubernetes_/, "-") as JsonObject)
    : isSecret(ref)
      ? encoded(own)
      : own;
  return {
    ...body,
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: {
      ...objectAt(body, "metadata"),
      name: ref.name,
      ...(ref.namespace !== undefined && { namespace: ref.namespace }),
    },
  };
}

/** The live object in the shape of the SDK's fields, without the bookkeeping of field owners. */
function liveState(live: JsonObject, kind: Kind): JsonObject {
  const plain = withValue(live, ["metadata", "managedFields"], undefined) as JsonObject;
  return isDefinition(kind) ? (renamed(plain, /^x-kubernetes-/, "_") as JsonObject) : plain;
}

export const outputsOf = (live: JsonObject, kind: Kind, fieldManager: string): JsonObject => ({
  ...liveState(live, kind),
  [FIELD_MANAGER]: fieldManager,
  [INITIAL_VERSION]: kind.apiVersion,
});

/** Secret outputs of a kind whatever the program marks: the content of a Secret, and its copy. */
export const secretOutputs = (kind: Kind): Path[] =>
  isSecret(kind) ? [["data"], ["stringData"], ["metadata", "annotations", LAST_APPLIED]] : [];

/** Fields that the server chooses, so that nothing can be said about them before the update. */
function chosenByServer(kind: Kind): Path[] {
  const paths: Path[] = SERVER_METADATA.map((field) => ["metadata", field]);
  if (hasStatus(kind)) {
    paths.push(["status"]);
  }
  if (kind.apiVersion === "v1") {
    const fields: Record<string, string[]> = {
      Service: ["clusterIP", "clusterIPs"],
      PersistentVolumeClaim: ["volumeName"],
    };
    paths.push(...(fields[kind.kind] ?? []).map((field) => ["spec", field]));
  }
  if (kind.kind === "Job") {
    paths.push(["spec", "selector"]);
  }
  return paths;
}

/**
 * Outputs of an object that does not exist yet, for a preview: `known` (the inputs, or the result of
 * a dry run) with what the server will choose marked as unknown, unless the program declares it.
 */
export function previewOutputs(known: JsonObject, inputs: JsonObject, kind: Kind): JsonObject {
  let outputs: Json = liveState(known, kind);
  for (const path of chosenByServer(kind)) {
    const parent = at(outputs, path.slice(0, -1));
    const declared = at(inputs, path);
    const external = stringAt(inputs, "spec", "type") === "ExternalName";
    // A headless Service declares `None`, and the server copies that to the list: nothing to choose.
    const headless = stringAt(inputs, "spec", "clusterIP") === "None";
    if (
      declared === undefined &&
      isObject(parent) &&
      !external &&
      !(headless && path[0] === "spec")
    ) {
      outputs = withValue(outputs, path, UNKNOWN);
    }
  }
  return outputs as JsonObject;
}

/** `over` on top of `base`: objects are merged, anything else is replaced. */
export function merged(base: Json | undefined, over: Json): Json {
  if (!isObject(base) || !isObject(over)) {
    return over;
  }
  const result: JsonObject = { ...base };
  for (const [key, value] of Object.entries(over)) {
    result[key] = merged(base[key], value);
  }
  return result;
}

/**
 * Inputs after a refresh. A declared field keeps its old input where `live` says the same as
 * `expected` (what the server makes of the old inputs: `500m` of `0.5`), and takes the live value
 * where it drifted. What is not declared is not ours and is left out.
 */
export function refreshedInputs(
  old: Json,
  expected: Json | undefined,
  live: Json | undefined,
): Json {
  if (isObject(old) && isObject(live)) {
    const result: JsonObject = {};
    for (const [key, value] of Object.entries(old)) {
      const now = live[key];
      // Write-only fields (`stringData`) never come back and are no drift by that.
      if (now !== undefined || at(expected, [key]) === undefined) {
        result[key] = now === undefined ? value : refreshedInputs(value, at(expected, [key]), now);
      }
    }
    return result;
  }
  if (Array.isArray(old) && Array.isArray(live)) {
    const counterparts = old.map((item, index) => counterpart(item, index, live));
    if (counterparts.includes(undefined)) {
      return live;
    }
    return old.map((item, index) => {
      const wanted = Array.isArray(expected) ? counterpart(item, index, expected) : undefined;
      return refreshedInputs(item, wanted, counterparts[index]);
    });
  }
  return live === undefined || equal(expected, live) ? old : live;
}

/** The item of a live list that stands for a declared one: by name, else by place. */
function counterpart(item: Json, index: number, live: Json[]): Json | undefined {
  const name = stringAt(item, "name");
  const named =
    name === undefined ? undefined : live.find((other) => stringAt(other, "name") === name);
  return named ?? live[index];
}
