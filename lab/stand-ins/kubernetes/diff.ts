/**
 * Old inputs against new ones. Only what the program declares takes part: a field that it leaves to
 * a controller (`spec.replicas` under an autoscaler) is in neither, and so is never a difference.
 */
import { replacementTest, type Mutability } from "@fogline/kubernetes-checks/immutable";
import {
  at,
  equal,
  formatPath,
  isObject,
  type Json,
  type JsonObject,
  type Path,
} from "@fogline/pulumi-kit/json";

import { isAutonamed } from "./annotations.ts";
import type { Kind } from "./tokens.ts";

export interface Change {
  path: Path;
  kind: "add" | "delete" | "update";
  replaces: boolean;
}

export interface Difference {
  changes: Change[];
  /** Paths, in Pulumi's notation, that ask for a new object. */
  replaces: string[];
  /** The old object must go first: the new one takes its name. */
  deleteBeforeReplace: boolean;
}

export function diff(
  kind: Kind,
  old: JsonObject,
  news: JsonObject,
  mutable: Mutability,
): Difference {
  const asksReplacement = replacementTest(kind, old, mutable);
  const changes: Change[] = [];
  const compare = (before: Json | undefined, after: Json | undefined, path: Path): void => {
    if (isObject(before) && isObject(after)) {
      for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
        compare(at(before, [key]), at(after, [key]), [...path, key]);
      }
    } else if (Array.isArray(before) && Array.isArray(after)) {
      for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
        compare(before[index], after[index], [...path, index]);
      }
    } else if (!equal(before, after)) {
      changes.push({
        path,
        kind: before === undefined ? "add" : after === undefined ? "delete" : "update",
        replaces: asksReplacement(path),
      });
    }
  };
  compare(old, news, []);

  const sameName =
    equal(at(old, ["metadata", "name"]), at(news, ["metadata", "name"])) &&
    equal(at(old, ["metadata", "namespace"]), at(news, ["metadata", "namespace"]));
  const replaces = changes.filter((change) => change.replaces).map(({ path }) => formatPath(path));
  return {
    changes,
    replaces,
    deleteBeforeReplace: replaces.length > 0 && sameName && !isAutonamed(news),
  };
}
