/** What a broken stack file is told: every problem with its path, the rule it breaks and the fix. */
import { distance } from "fastest-levenshtein";
import { z } from "zod";

/** One broken rule of a stack file. */
export interface Problem {
  /** Where the value stands, e.g. `fogline:cloud.workers[0].name`. */
  readonly path: string;
  /** The rule it breaks, as a sentence. */
  readonly rule: string;
  /** What to do about it, as an imperative sentence. */
  readonly fix: string;
}

/** Thrown before anything is created; its message lists all problems of the stack file. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    const lines = problems.map((p) => `  - ${p.path}: ${p.rule}\n    fix: ${p.fix}`);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(`The stack's settings have ${count}; nothing was created.\n${lines.join("\n")}`);
    this.name = "SettingsError";
  }
}

/** The problems behind one finding of the schema; messages carry `rule|fix`. */
export function describe(section: string, schema: z.ZodType, issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.reduce<string>(
    (text, part) => text + (typeof part === "number" ? `[${part}]` : `.${String(part)}`),
    `fogline:${section}`,
  );
  if (issue.code === "unrecognized_keys" && !issue.message.includes("|")) {
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => unknownKey(`${path}.${key}`, key, known));
  }
  // What is wrong with a key of a record stands within the finding.
  const message =
    issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  const [rule = message, fix = "correct or remove the value"] = message.split("|");
  // A schema that words the refusal of unknown keys itself refuses each of them.
  const paths =
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => `${path}.${key}`) : [path];
  return paths.map((each) => ({ path: each, rule, fix }));
}

/** Keys that the schema allows at a path, for the "did you mean" of a misspelt one. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here: z.ZodType | undefined = unwrap(schema);
  for (const part of path) {
    if (here instanceof z.ZodArray) {
      here = unwrap(here.element as z.ZodType);
      continue;
    }
    if (here instanceof z.ZodRecord) {
      here = unwrap(here.valueType as z.ZodType);
      continue;
    }
    if (here instanceof z.ZodDiscriminatedUnion) {
      here = (here.options as z.ZodObject[]).find(({ shape }) => String(part) in shape);
    }
    if (here instanceof z.ZodObject) {
      const next: z.ZodType | undefined = (here.shape as Record<string, z.ZodType>)[String(part)];
      here = next === undefined ? undefined : unwrap(next);
    }
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodOptional
  ) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** The problem of a key that the schema does not know, with the nearest known one. */
export function unknownKey(path: string, key: string, known: readonly string[]): Problem {
  return {
    path,
    rule: `is not a setting`,
    fix: nearestOf(key, known) ?? `remove it; known here: ${known.join(", ")}`,
  };
}

/** Asks whether the nearest of some names was meant; undefined where none is near. */
export function nearestOf(
  name: string,
  known: readonly string[],
  farthest = 3,
): string | undefined {
  const far = (other: string): number => distance(name.toLowerCase(), other.toLowerCase());
  const nearest = [...known].sort((a, b) => far(a) - far(b))[0];
  return nearest !== undefined && far(nearest) <= farthest ? `did you mean ${nearest}?` : undefined;
}
