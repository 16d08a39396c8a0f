/** The `pulumi.com/…` annotations of an object: how the official provider lets one object differ. */
import { at, parsePath, type Json, type JsonObject, type Path } from "@fogline/pulumi-kit/json";
import { isUnknown } from "@fogline/pulumi-kit/values";

import { objectAt, stringAt } from "./values.ts";

export const AUTONAMED = "pulumi.com/autonamed";
const PREFIX = "pulumi.com/";
const KNOWN = new Set(
  [
    "autonamed",
    "deletionPropagationPolicy",
    "patchFieldManager",
    "patchForce",
    "skipAwait",
    "timeoutSeconds",
    "waitFor",
  ].map((name) => PREFIX + name),
);
const POLICIES: Record<string, string> = {
  foreground: "Foreground",
  background: "Background",
  orphan: "Orphan",
};

/** One expectation of `pulumi.com/waitFor`. */
export type Expectation =
  | { kind: "condition"; type: string; status: string; text: string }
  | { kind: "jsonpath"; path: Path; value: string | undefined; text: string };

const annotation = (object: JsonObject, name: string): string | undefined => {
  const value = objectAt(object, "metadata", "annotations")[PREFIX + name];
  return typeof value === "string" && !isUnknown(value) ? value : undefined;
};

const isTrue = (object: JsonObject, name: string): boolean => annotation(object, name) === "true";

export const isAutonamed = (object: JsonObject): boolean => isTrue(object, "autonamed");
export const skipsAwait = (object: JsonObject): boolean => isTrue(object, "skipAwait");

/** Whether conflicting fields are taken over; undefined leaves it to the provider's setting. */
export function patchForce(object: JsonObject): boolean | undefined {
  const value = annotation(object, "patchForce");
  return value === undefined ? undefined : value === "true";
}

export const fieldManager = (object: JsonObject): string | undefined =>
  annotation(object, "patchFieldManager");

/** Seconds to wait for readiness or deletion, when the annotation sets it. */
export function timeoutSeconds(object: JsonObject): number | undefined {
  const value = annotation(object, "timeoutSeconds");
  return value === undefined ? undefined : Number(value);
}

/** Kubernetes' name of the way dependants are deleted. Default: Foreground, as official. */
export const deletionPropagation = (object: JsonObject): string =>
  POLICIES[annotation(object, "deletionPropagationPolicy") ?? "foreground"] ?? "Foreground";

/**
 * The expectations of `pulumi.com/waitFor`: `condition=Ready`, `condition=Ready=False`,
 * `jsonpath={.status.phase}=Running`, or a JSON list of these, all of which must hold.
 *
 * @throws when the annotation has another form.
 */
export function expectations(object: JsonObject): Expectation[] {
  const value = annotation(object, "waitFor");
  if (value === undefined) {
    return [];
  }
  const items: unknown = value.trimStart().startsWith("[") ? JSON.parse(value) : [value];
  if (!Array.isArray(items) || items.some((item) => typeof item !== "string")) {
    throw new Error("a list must hold texts only");
  }
  return (items as string[]).map(expectation);
}

function expectation(text: string): Expectation {
  const [, type, status = "True"] = /^condition=([^=]+)(?:=(.+))?$/.exec(text) ?? [];
  if (type !== undefined) {
    return { kind: "condition", type, status, text };
  }
  const [, path, value] = /^jsonpath=\{(\.[^}]*)\}(?:=(.*))?$/.exec(text) ?? [];
  if (path !== undefined) {
    return { kind: "jsonpath", path: parsePath(path), value, text };
  }
  throw new Error(
    `"${text}" is neither condition=<type>[=<status>] nor jsonpath={.path}[=<value>]`,
  );
}

/** Why an object does not meet its `waitFor`, or undefined when it does. */
export function unmet(object: JsonObject, wanted: Expectation[]): string | undefined {
  return wanted.find((expected) => !holds(object, expected))?.text;
}

function holds(object: JsonObject, expected: Expectation): boolean {
  if (expected.kind === "condition") {
    const conditions = at(object, ["status", "conditions"]);
    return (
      Array.isArray(conditions) &&
      conditions.some(
        (condition: Json) =>
          stringAt(condition, "type")?.toLowerCase() === expected.type.toLowerCase() &&
          stringAt(condition, "status")?.toLowerCase() === expected.status.toLowerCase(),
      )
    );
  }
  const found = at(object, expected.path);
  if (found === undefined || found === null) {
    return false;
  }
  const text = typeof found === "string" ? found : JSON.stringify(found);
  return expected.value === undefined || text === expected.value;
}

/** What is wrong with the object's annotations, each as a reason; empty when nothing is. */
export function annotationProblems(object: JsonObject): string[] {
  const problems: string[] = [];
  for (const name of Object.keys(objectAt(object, "metadata", "annotations"))) {
    if (name.startsWith(PREFIX) && !KNOWN.has(name)) {
      problems.push(
        `annotation ${name} is not supported by the kubernetes stand-in (supported: ${[...KNOWN].join(", ")})`,
      );
    }
  }
  const seconds = timeoutSeconds(object);
  if (seconds !== undefined && !(seconds > 0)) {
    problems.push("annotation pulumi.com/timeoutSeconds must be a positive number of seconds");
  }
  const policy = annotation(object, "deletionPropagationPolicy");
  if (policy !== undefined && POLICIES[policy] === undefined) {
    problems.push(
      `annotation pulumi.com/deletionPropagationPolicy must be foreground, background or orphan, not "${policy}"`,
    );
  }
  try {
    expectations(object);
  } catch (error) {
    problems.push(
      `annotation pulumi.com/waitFor: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return problems;
}
