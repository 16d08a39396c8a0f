/**
 * Old inputs against new ones. Only what the program declares takes part: a field that it leaves to
 * a controller (`spec.replicas` under an autoscaler) is in neither, and so is never a difference.
 */
import { replacementTest } from "@fogline/kubernetes-checks/immutable";
import { differences, topOf } from "@fogline/pulumi-kit/difference";
import { equal, parsePath, type JsonObject } from "@fogline/pulumi-kit/json";
import type { Plan } from "@fogline/pulumi-kit/wire";

import type { Kind } from "./tokens.ts";
import { stringAt } from "./values.ts";

export function diff(kind: Kind, old: JsonObject, news: JsonObject): Plan {
  const asksReplacement = replacementTest(kind);
  const changes = differences(old, news).map((change) => ({
    ...change,
    replaces: asksReplacement(parsePath(change.path)),
  }));
  const isSame = (field: string): boolean =>
    equal(stringAt(old, "metadata", field), stringAt(news, "metadata", field));
  return {
    changes,
    properties: [...new Set(changes.map(({ path }) => topOf(path)))],
    // The old object must go first where the new one takes its name.
    deleteBeforeReplace:
      changes.some(({ replaces }) => replaces) && isSame("name") && isSame("namespace"),
  };
}
