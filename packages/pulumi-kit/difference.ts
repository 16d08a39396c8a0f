/** What differs between two sets of inputs, named by property path as the engine names it. */
import { assetKind, canonical, isObject, unwrap, type Properties } from "./values.ts";

export interface Change {
  /** Property path, e.g. `connection.host` or `triggers[0]`. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
}

/** A change, and whether the resource has to be made anew for it. */
export interface PlannedChange extends Change {
  readonly replaces: boolean;
}

/** Every innermost property that differs; secrets are compared by their values. */
export function differences(olds: Properties, news: Properties): Change[] {
  return compareFields("", unwrap(olds) as Properties, unwrap(news) as Properties).filter(
    ({ path }) => !path.startsWith("__"),
  );
}

/** The property at the top of a path. */
export function topOf(path: string): string {
  return /^[^.[]*/.exec(path)?.[0] ?? path;
}

function compare(path: string, old: unknown, next: unknown): Change[] {
  if (canonical(old) === canonical(next)) {
    return [];
  }
  if (old === undefined || old === null) {
    return [{ path, kind: "add" }];
  }
  if (next === undefined || next === null) {
    return [{ path, kind: "delete" }];
  }
  if (Array.isArray(old) && Array.isArray(next)) {
    const length = Math.max(old.length, next.length);
    return Array.from({ length }, (_, i) => compare(`${path}[${i}]`, old[i], next[i])).flat();
  }
  return isPlain(old) && isPlain(next)
    ? compareFields(path, old, next)
    : [{ path, kind: "update" }];
}

function compareFields(path: string, olds: Properties, news: Properties): Change[] {
  const keys = new Set([...Object.keys(olds), ...Object.keys(news)]);
  return [...keys].flatMap((key) => compare(join(path, key), olds[key], news[key]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return isObject(value) && assetKind(value) === undefined;
}

function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) {
    return `${path}[${JSON.stringify(key)}]`;
  }
  return path === "" ? key : `${path}.${key}`;
}
