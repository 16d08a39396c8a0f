/** Property bags as plain JSON, with the paths at which secrets stood. */
import {
  at,
  formatPath,
  isObject,
  withValue,
  type Json,
  type JsonObject,
  type Path,
} from "./json.ts";
import { OUTPUT, SECRET, SIGNATURE, UNKNOWN } from "./signatures.ts";
import { isUnknown } from "./values.ts";

/** Plain values and the paths of those that were secret. */
export interface Unwrapped {
  value: JsonObject;
  secrets: Path[];
}

/**
 * Takes the envelopes off a property bag. Nulls inside objects go too: to Pulumi they mean "not
 * given", to server-side apply they would be a claim on the field.
 *
 * @throws for assets, archives and resource references, which plain JSON cannot hold.
 */
export function unwrap(bag: JsonObject): Unwrapped {
  const secrets: Path[] = [];
  const visit = (value: Json, path: Path): Json => {
    if (Array.isArray(value)) {
      return value.map((item, index) => visit(item, [...path, index]));
    }
    if (!isObject(value)) {
      return isUnknown(value) ? UNKNOWN : value;
    }
    const signature = value[SIGNATURE];
    if (signature === SECRET) {
      secrets.push(path);
      return visit(value["value"] ?? null, path);
    }
    if (signature === OUTPUT) {
      if (value["secret"] === true) {
        secrets.push(path);
      }
      return visit(value["value"] ?? UNKNOWN, path);
    }
    if (signature !== undefined) {
      throw new Error(
        `${formatPath(path)} holds an asset, archive or resource, which cannot be sent on; pass its content instead`,
      );
    }
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, child]) => child !== null)
        .map(([key, child]) => [key, visit(child, [...path, key])]),
    );
  };
  return { value: visit(bag, []) as JsonObject, secrets };
}

/**
 * Puts envelopes back at `secrets`. A path through a list marks the whole list: whoever keeps it may have
 * reordered it or put items in, and a value shown by mistake cannot be taken back.
 */
export function wrap(value: JsonObject, secrets: readonly Path[]): JsonObject {
  const mark = (path: Path): Path => {
    const index = path.findIndex((key) => typeof key === "number");
    return index === -1 ? path : path.slice(0, index);
  };
  let result: Json = value;
  // Shortest first, and nothing below a mark: an envelope hides what it holds.
  const marked: Path[] = [];
  for (const path of secrets.map(mark).sort((a, b) => a.length - b.length)) {
    const covered = marked.some((outer) => outer.every((key, index) => path[index] === key));
    const inner = at(value, path);
    if (!covered && inner !== undefined) {
      marked.push(path);
      result = withValue(result, path, { [SIGNATURE]: SECRET, value: inner });
    }
  }
  return result as JsonObject;
}
