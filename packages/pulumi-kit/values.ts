/** Property values as the engine sends them: secrets in envelopes, unknowns as a fixed text. */
import {
  ARCHIVE,
  ASSET,
  OUTPUT,
  SECRET,
  SIGNATURE,
  TYPED_UNKNOWNS,
  UNKNOWN,
} from "./signatures.ts";

/** Inputs or outputs of a resource. */
export type Properties = Readonly<Record<string, unknown>>;

/** One input that cannot be accepted, and why. */
export interface Problem {
  readonly property: string;
  readonly reason: string;
}

/** A value without its envelopes. */
export function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(unwrap);
  }
  if (!isObject(value)) {
    return value;
  }
  if (value[SIGNATURE] === OUTPUT && !("value" in value)) {
    return UNKNOWN;
  }
  return value[SIGNATURE] === SECRET || value[SIGNATURE] === OUTPUT
    ? unwrap(value["value"])
    : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrap(inner)]));
}

/** A value that the engine keeps encrypted. */
export function secret(value: unknown): unknown {
  return { [SIGNATURE]: SECRET, value };
}

/** Whether any part of a value is to be kept encrypted. */
export function holdsSecret(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.some(holdsSecret);
  }
  if (!isObject(value)) {
    return false;
  }
  const marked =
    value[SIGNATURE] === SECRET || (value[SIGNATURE] === OUTPUT && value["secret"] === true);
  return marked || Object.values(value).some(holdsSecret);
}

/** Every text within the secret parts of a value. */
export function secretTexts(value: unknown, isSecret = false): string[] {
  if (typeof value === "string") {
    return isSecret ? [value] : [];
  }
  if (Array.isArray(value)) {
    return value.flatMap((inner) => secretTexts(inner, isSecret));
  }
  if (!isObject(value)) {
    return [];
  }
  if (value[SIGNATURE] === SECRET || value[SIGNATURE] === OUTPUT) {
    const isMarked = value[SIGNATURE] === SECRET || value["secret"] === true;
    return secretTexts(value["value"], isSecret || isMarked);
  }
  return Object.values(value).flatMap((inner) => secretTexts(inner, isSecret));
}

const UNKNOWNS: ReadonlySet<unknown> = new Set([UNKNOWN, ...TYPED_UNKNOWNS]);

/** Whether a value is known only after the update. */
export function isUnknown(value: unknown): boolean {
  return UNKNOWNS.has(value);
}

/** Whether any part of a value is not known yet. */
export function hasUnknown(value: unknown): boolean {
  return JSON.stringify(unwrap(value) ?? null).includes(UNKNOWN);
}

/** Whether a value is an object with fields: no list, no null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What an asset or archive is, if the value is one. */
export function assetKind(value: unknown): "asset" | "archive" | undefined {
  const signature = isObject(value) ? value[SIGNATURE] : undefined;
  return signature === ASSET ? "asset" : signature === ARCHIVE ? "archive" : undefined;
}

/** Names among `keys` whose values differ, envelopes aside. */
export function changed(keys: readonly string[], olds: Properties, news: Properties): string[] {
  return keys.filter((key) => canonical(unwrap(olds[key])) !== canonical(unwrap(news[key])));
}

/** One text for equal values, whatever the order of their keys; assets are what they contain. */
export function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner: unknown) => {
    if (!isObject(inner)) {
      return inner;
    }
    const kind = assetKind(inner);
    return kind !== undefined && typeof inner["hash"] === "string"
      ? [kind, inner["hash"]]
      : Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** The resource type at the end of a URN, e.g. `command:remote:Command`. */
export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** The name that the program gave the resource of a URN. */
export function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
