/** Reading inputs whose shape is what is being checked. */
import { isDeepStrictEqual } from "node:util";

import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

/** Inputs of a resource by azure-native's names. */
export type Inputs = Readonly<Record<string, unknown>>;

/** Whether a value is an object with fields: no list, no null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a dotted path; not known where anything on the way is not known yet. */
export function at(value: unknown, path: string): unknown {
  let here = value;
  for (const key of path.split(".")) {
    if (here === UNKNOWN) {
      return UNKNOWN;
    }
    here = isObject(here) ? here[key] : undefined;
  }
  return here;
}

/** A known text at a path. */
export function textAt(value: unknown, path: string): string | undefined {
  const text = at(value, path);
  return typeof text === "string" && text !== UNKNOWN ? text : undefined;
}

/** A known number at a path. */
export function numberAt(value: unknown, path: string): number | undefined {
  const number = at(value, path);
  return typeof number === "number" ? number : undefined;
}

/** Elements of a list at a path; none where there is no list or it is not known yet. */
export function listAt(value: unknown, path: string): readonly unknown[] {
  const list = at(value, path);
  return Array.isArray(list) ? (list as unknown[]) : [];
}

/** Known texts of a list at a path. */
export function textsAt(value: unknown, path: string): readonly string[] {
  return listAt(value, path).filter(
    (each): each is string => typeof each === "string" && each !== UNKNOWN,
  );
}

/** Whether nothing stands at a path; what is not known yet counts as something. */
export function missing(value: unknown, path: string): boolean {
  const here = at(value, path);
  return here === undefined || here === null || isDeepStrictEqual(here, []) || here === "";
}

/** A name of a place as Azure compares it: `East US` is `eastus`. */
export function place(location: string): string {
  return location.replaceAll(" ", "").toLowerCase();
}
