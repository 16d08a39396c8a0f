/**
 * Field managers: under which name our fields are known to the server, which fields are somebody
 * else's, and the fields of earlier managers that an update takes along. As the official plugin does.
 */
import { randomBytes } from "node:crypto";

import {
  at,
  equal,
  parsePath,
  withValue,
  type Json,
  type JsonObject,
  type Path,
} from "@fogline/pulumi-kit/json";

import { FIELD_MANAGER, merged } from "./state.ts";
import { listAt, objectAt, stringAt } from "./values.ts";

/** Manager of an object that was created by POST. */
export const CREATOR = "pulumi-kubernetes";

/** Managers whose fields an update takes over before it applies: name and operation. */
const TAKEN_ALONG: readonly (readonly [string, string])[] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  [CREATOR, "Update"],
  ["pulumi-kubernetes.exe", "Update"],
  ["pulumi-resource-kubernetes", "Update"],
];

/**
 * The manager's name: the state's, else a new one. It is random, so what an
 * update applied that was killed before it could record its name belongs to another manager.
 */
export const fieldManagerOf = (outputs: JsonObject): string =>
  stringAt(outputs, FIELD_MANAGER) ?? `${CREATOR}-${randomBytes(4).toString("hex")}`;

/**
 * Inputs of an update with `ignoreChanges`. A field that another manager owns alone is left out, so
 * that it is neither changed nor fought over; any other keeps the value that the cluster has.
 */
export function respectIgnored(
  live: JsonObject,
  inputs: JsonObject,
  ignored: readonly string[],
  manager: string,
): JsonObject {
  const entries = listAt(live, "metadata", "managedFields");
  let result = inputs;
  for (const text of ignored) {
    const path = parsePath(text);
    const owners = entries.filter((entry) => owns(entry, path));
    const isOurs = owners.some((entry) => entry["manager"] === manager);
    const now = at(live, path);
    if (owners.length > 0 && !isOurs) {
      result = withValue(result, path, undefined) as JsonObject;
    } else if (now !== undefined && !equal(at(inputs, path), now)) {
      result = withValue(result, path, now) as JsonObject;
    }
  }
  return result;
}

/** Whether an entry of `managedFields` holds a field, or one below it. */
function owns(entry: JsonObject, path: Path): boolean {
  return (
    at(
      objectAt(entry, "fieldsV1"),
      path.map((key) => `f:${key}`),
    ) !== undefined
  );
}

/**
 * `managedFields` with the fields of earlier managers joined to `manager`'s; undefined where there is
 * nothing to join.
 */
export function takenAlong(live: JsonObject, manager: string): JsonObject[] | undefined {
  const entries = listAt(live, "metadata", "managedFields");
  const isEarlier = (entry: JsonObject): boolean =>
    stringAt(entry, "subresource") === undefined &&
    TAKEN_ALONG.some(
      ([name, operation]) => entry["manager"] === name && entry["operation"] === operation,
    );
  const earlier = entries.filter(isEarlier);
  const [first] = earlier;
  if (first === undefined) {
    return undefined;
  }
  const isOwn = (entry: JsonObject): boolean =>
    entry["manager"] === manager && entry["operation"] === "Apply";
  const own = entries.find(isOwn) ?? { ...first, manager, operation: "Apply", fieldsV1: {} };
  const fieldsV1 = earlier.reduce<Json>(
    (fields, entry) => merged(fields, objectAt(entry, "fieldsV1")),
    objectAt(own, "fieldsV1"),
  );
  const others = entries.filter((entry) => !isEarlier(entry) && !isOwn(entry));
  return [{ ...own, fieldsV1 }, ...others];
}
