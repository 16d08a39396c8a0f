/** What differs between two values, field by field: pure. */

/** Where a value stands; a segment in brackets names an element of a list, e.g. `[ssh]`. */
export type Path = readonly string[];

/** One field that differs; `before` or `after` is undefined where it was not there. */
export interface Change {
  readonly path: Path;
  readonly before: unknown;
  readonly after: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

/** Every field that differs. Elements of a list are matched by their name, where they have one. */
export function changesBetween(before: unknown, after: unknown, path: Path = []): Change[] {
  if (same(before, after)) {
    return [];
  }
  const fields = children(before, after);
  if (fields === undefined) {
    return [{ path, before, after }];
  }
  const [old, now] = fields;
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((key) =>
    changesBetween(old[key], now[key], [...path, key]),
  );
}

/** A path as a person writes it: `securityRules[ssh].priority`. */
export function writePath(path: Path): string {
  return path.reduce((text, part) => {
    const glue = text === "" || part.startsWith("[") ? "" : ".";
    return `${text}${glue}${part}`;
  }, "");
}

/** The paths of the values that `isMeant` says yes to, elements of lists named as above. */
export function pathsWhere(
  value: unknown,
  isMeant: (leaf: unknown) => boolean,
  path: Path = [],
): Path[] {
  const fields = fieldsOf(value);
  return fields === undefined
    ? isMeant(value)
      ? [path]
      : []
    : Object.entries(fields).flatMap(([key, inner]) => pathsWhere(inner, isMeant, [...path, key]));
}

/** The value at a path; undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => fieldsOf(inner)?.[key], value);
}

function fieldsOf(value: unknown): Fields | undefined {
  return isFields(value) ? value : Array.isArray(value) ? byName(value) : undefined;
}

/** Both values by the keys of what they hold; undefined where they are to be shown as a whole. */
function children(before: unknown, after: unknown): readonly [Fields, Fields] | undefined {
  if (isFields(before) && isFields(after)) {
    return [before, after];
  }
  if (!Array.isArray(before) || !Array.isArray(after)) {
    return undefined;
  }
  const all: unknown[] = [...(before as unknown[]), ...(after as unknown[])];
  return all.every(isFields) ? [byName(before), byName(after)] : undefined;
}

/** Elements by `[name]`, or by `[index]` where names are missing or repeat. */
function byName(list: readonly unknown[]): Fields {
  const names = list.map((each) => (isFields(each) ? each["name"] : undefined));
  const areNames = names.every((name) => typeof name === "string");
  const isUnique = new Set(names).size === names.length;
  return Object.fromEntries(
    list.map((each, index) => [
      `[${areNames && isUnique ? (names[index] as string) : index}]`,
      each,
    ]),
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function same(a: unknown, b: unknown): boolean {
  return (
    a === b || (typeof a === "object" && JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)))
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  return isFields(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, inner]) => [key, sorted(inner)]),
      )
    : value;
}
