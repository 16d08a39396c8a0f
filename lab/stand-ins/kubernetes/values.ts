/** Reading Kubernetes objects of any kind. */
import { at, isObject, type Json, type JsonObject } from "@fogline/pulumi-kit/json";

/** The object at a key path, or an empty one: live objects leave out what is empty. */
export function objectAt(value: Json | undefined, ...path: string[]): JsonObject {
  const found = at(value, path);
  return isObject(found) ? found : {};
}

export function stringAt(value: Json | undefined, ...path: string[]): string | undefined {
  const found = at(value, path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: Json | undefined, ...path: string[]): number | undefined {
  const found = at(value, path);
  return typeof found === "number" ? found : undefined;
}

/** The objects of the list at a key path; none when it is absent. */
export function listAt(value: Json | undefined, ...path: string[]): JsonObject[] {
  const found = at(value, path);
  return Array.isArray(found) ? found.filter(isObject) : [];
}
