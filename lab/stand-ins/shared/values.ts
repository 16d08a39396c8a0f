/** Property values as the engine sends them: secrets in envelopes, unknowns as a fixed text. */

/** Inputs or outputs of a resource. */
export type Properties = Readonly<Record<string, unknown>>;

/** Pulumi's signature key, and the signatures of the envelopes it marks. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
/** What stands for a value that is known only after the update. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A value without its envelopes. */
export function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(unwrap);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const fields = value as Record<string, unknown>;
  return fields[SIGNATURE] === SECRET || fields[SIGNATURE] === OUTPUT
    ? unwrap(fields["value"])
    : Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, unwrap(inner)]));
}

/** A value that the engine keeps encrypted. */
export function secret(value: unknown): unknown {
  return { [SIGNATURE]: SECRET, value };
}

/** Whether any part of a value is not known yet. */
export function hasUnknown(value: unknown): boolean {
  return JSON.stringify(value ?? null).includes(UNKNOWN);
}

/** Names among `keys` whose values differ, envelopes aside. */
export function changed(keys: readonly string[], olds: Properties, news: Properties): string[] {
  return keys.filter((key) => canonical(unwrap(olds[key])) !== canonical(unwrap(news[key])));
}

/** One text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** A problem for every input that is not among those supported. */
export function refuseUnknown(
  type: string,
  supported: readonly string[],
  inputs: Properties,
): { property: string; reason: string }[] {
  return Object.keys(inputs)
    .filter((key) => !supported.includes(key) && !key.startsWith("__"))
    .map((property) => ({
      property,
      reason: `the lab's stand-in for ${type} does not support ${property}`,
    }));
}

/** The resource type at the end of a URN, e.g. `command:remote:Command`. */
export function typeOf(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}
