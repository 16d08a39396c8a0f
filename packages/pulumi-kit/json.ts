/** Plain JSON values and paths into them. */

export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

/** Keys and indices that lead to a value. */
export type Path = readonly (string | number)[];

/** Whether a value is an object with fields: no list, no null. */
export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path; undefined where there is none. */
export function at(value: Json | undefined, path: Path): Json | undefined {
  let found: Json | undefined = value;
  for (const key of path) {
    if (Array.isArray(found) && typeof key === "number") {
      found = found[key];
    } else if (isObject(found) && typeof key === "string") {
      found = Object.hasOwn(found, key) ? found[key] : undefined;
    } else {
      return undefined;
    }
  }
  return found;
}

/** A copy of `root` with `value` at `path`; undefined removes. Missing parents are made. */
export function withValue(root: Json, path: Path, value: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) {
    return value ?? null;
  }
  if (typeof key === "number") {
    const list = Array.isArray(root) ? [...root] : [];
    list[key] = rest.length === 0 ? (value ?? null) : withValue(list[key] ?? {}, rest, value);
    return list;
  }
  const copy: JsonObject = isObject(root) ? { ...root } : {};
  if (rest.length === 0 && value === undefined) {
    return Object.fromEntries(Object.entries(copy).filter(([name]) => name !== key));
  }
  copy[key] = rest.length === 0 ? (value ?? null) : withValue(copy[key] ?? {}, rest, value);
  return copy;
}

/** A path in Pulumi's notation: `spec.ports[0].port`, `metadata.labels["a.b/c"]`. */
export function formatPath(path: Path): string {
  return path
    .map((key, index) => {
      if (typeof key === "number") {
        return `[${key}]`;
      }
      if (/^[A-Za-z_$][\w$]*$/.test(key)) {
        return index === 0 ? key : `.${key}`;
      }
      return `["${key.replaceAll('"', '\\"')}"]`;
    })
    .join("");
}

/** Whether two values are the same, whatever the order of their keys. */
export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
    );
  }
  return a === b;
}

/**
 * Reads Pulumi's notation, and Kubernetes' (`.spec.ports[0].port`), of a path.
 *
 * @throws when the text is not such a path.
 */
export function parsePath(text: string): Path {
  const path: (string | number)[] = [];
  const token = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\['([^']*)'\]/y;
  while (token.lastIndex < text.length) {
    const found = token.exec(text);
    if (found === null) {
      throw new Error(`"${text}" is not a property path such as .status.phase or spec.ports[0]`);
    }
    const [, name, index, quoted, single] = found;
    path.push(
      index === undefined
        ? (name ?? quoted?.replaceAll('\\"', '"') ?? single ?? "")
        : Number(index),
    );
  }
  return path;
}
