/** Reading values of unknown shape. A value that a preview cannot know yet reads as absent. */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

/** The value at a dotted path below `value`. */
export function at(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (inner, key) =>
        typeof inner === "object" && inner !== null
          ? (inner as Record<string, unknown>)[key]
          : undefined,
      value,
    );
}

/** A text at a path. */
export function textAt(value: unknown, path: string): string | undefined {
  const found = at(value, path);
  return typeof found === "string" && found !== UNKNOWN ? found : undefined;
}

/** The list at a path; empty where there is none. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  const found = at(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** The texts of the list at a path. */
export function textsAt(value: unknown, path: string): string[] {
  return listAt(value, path).filter(
    (each): each is string => typeof each === "string" && each !== UNKNOWN,
  );
}

/** Every text in a value, with its path. */
export function textsIn(value: unknown, path = ""): { path: string; text: string }[] {
  if (typeof value === "string") {
    return value === UNKNOWN ? [] : [{ path, text: value }];
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) =>
        textsIn(inner, path === "" ? key : `${path}.${key}`),
      )
    : [];
}
