/** Deleting one object, and waiting until it is gone. */
import { at, type JsonObject } from "@fogline/pulumi-kit/json";

import { skipsAwait } from "./annotations.ts";
import type { Target } from "./apply.ts";
import { describe, done, poll, waiting, type WaitOptions } from "./await/wait.ts";
import { eventsOf } from "./await/warnings.ts";
import { UnknownKindError } from "./cluster.ts";
import { isNotFound } from "./errors.ts";
import { listAt, stringAt } from "./values.ts";

/**
 * Deletes the object whose state is given; that it is gone already is success. An object of the same
 * name is deleted whoever made it, as by the official plugin.
 *
 * @throws when it is still there after `timeoutMs`, saying what holds it.
 */
export async function removeObject(
  target: Target,
  state: { inputs: JsonObject; outputs: JsonObject },
  timeoutMs: number,
): Promise<void> {
  const { cluster, ref, log, signal } = target;
  try {
    await cluster.remove(ref, signal);
  } catch (error) {
    if (isNotFound(error) || error instanceof UnknownKindError) {
      return;
    }
    throw error;
  }
  if (skipsAwait(state.inputs)) {
    return;
  }
  let left: JsonObject | undefined;
  const options: WaitOptions = {
    timeoutMs,
    progress: log.status,
    warn: log.statusWarning,
    // Events that it had long before are among them.
    warnings: () => eventsOf(state.outputs, target),
  };
  const gone = await poll(signal, options, async () => {
    try {
      left = await cluster.get(ref, signal);
    } catch (error) {
      // A definition takes its kind with it.
      if (error instanceof UnknownKindError) {
        return done("gone");
      }
      throw error;
    }
    return isGone(left, state.outputs) ? done("gone") : waiting(`deleting: ${holders(left)}`);
  });
  if (!gone) {
    throw new Error(
      `${describe(ref)} was still there ${timeoutMs / 1000} s after its deletion: ${holders(left)}`,
    );
  }
}

/** Whether nothing is left of an object: another one may have its name by now. */
function isGone(live: JsonObject | undefined, outputs: JsonObject): boolean {
  return (
    live === undefined ||
    (stringAt(live, "metadata", "deletionTimestamp") === undefined &&
      stringAt(live, "metadata", "uid") !== stringAt(outputs, "metadata", "uid"))
  );
}

/** What an object that is being deleted still waits for. */
function holders(live: JsonObject | undefined): string {
  const remaining = listAt(live, "status", "conditions")
    .filter((entry) => entry["status"] === "True")
    .filter((entry) => (stringAt(entry, "type") ?? "").startsWith("Namespace"))
    .map((entry) => stringAt(entry, "message"));
  return remaining.length > 0 ? remaining.join("; ") : finalizers(live);
}

/** The finalizers of an object that is being deleted, which a controller must remove. */
function finalizers(live: JsonObject | undefined): string {
  const found = at(live, ["metadata", "finalizers"]);
  return Array.isArray(found) && found.length > 0
    ? `finalizers ${(found as string[]).join(", ")}`
    : "its dependants are not gone";
}
