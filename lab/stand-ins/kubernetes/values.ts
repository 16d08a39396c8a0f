/**
 * Values as the engine sends them and as Kubernetes takes them. On the wire a secret is an envelope
 * around its value and an unknown is a fixed string (Pulumi's documented property signatures); here
 * they become plain JSON plus the paths at which a secret stood.
 */
import { OUTPUT, SECRET, SIGNATURE, TYPED_UNKNOWNS, UNKNOWN } from "@fogline/pulumi-kit/signatures";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}
export type Path = readonly (string | number)[];

const UNKNOWNS: ReadonlySet<string> = new Set([UNKNOWN, ...TYPED_UNKNOWNS]);

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isUnknown = (value: Json | undefined): boolean =>
  typeof value === "string" && UNKNOWNS.has(value);

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

/** Plain values and the paths of those that were secret. */
export interface Unwrapped {
  value: JsonObject;
  secrets: Path[];
}

/**
 * Takes the envelopes off a property bag. Nulls inside objects go too: to Pulumi they mean "not
 * given", to server-side apply they would be a claim on the field.
 *
 * @throws for assets, archives and resource references, which no Kubernetes field can hold.
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
        `${formatPath(path)} holds an asset, archive or resource, which a Kubernetes object cannot hold; pass its content instead`,
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
 * Puts envelopes back at `secrets`. A path through a list marks the whole list: Kubernetes may have
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

/** Every text that stands at or below a secret path, for keeping it out of error messages. */
export function secretTexts(value: JsonObject, secrets: readonly Path[]): string[] {
  const texts: string[] = [];
  const collect = (part: Json | undefined): void => {
    if (typeof part === "string" && part.length >= 4) {
      texts.push(part);
    } else if (Array.isArray(part)) {
      part.forEach(collect);
    } else if (isObject(part)) {
      Object.values(part).forEach(collect);
    }
  };
  secrets.forEach((path) => {
    collect(at(value, path));
  });
  // Longest first, so that a secret that contains another disappears whole.
  return texts.sort((a, b) => b.length - a.length);
}

export function containsUnknown(value: Json): boolean {
  if (Array.isArray(value)) {
    return value.some(containsUnknown);
  }
  return isObject(value) ? Object.values(value).some(containsUnknown) : isUnknown(value);
}

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
