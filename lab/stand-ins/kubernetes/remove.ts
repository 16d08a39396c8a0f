/** Deleting one object, and waiting until it is gone. */
import { deletionPropagation, skipsAwait } from "./annotations.ts";
import { finalizers, type Target } from "./apply.ts";
import { describe, done, poll, waiting } from "./await/wait.ts";
import { UnknownKindError } from "./cluster.ts";
import { ApiError, isNotFound } from "./errors.ts";
import { listAt, stringAt, type JsonObject } from "./values.ts";

/**
 * Deletes the object whose state is given; that it is gone already is success. An object of the same
 * name with another uid is somebody else's and stays.
 *
 * @throws when it is still there after `timeoutMs`, saying what holds it.
 */
export async function removeObject(
  target: Target,
  state: { inputs: JsonObject; outputs: JsonObject },
  timeoutMs: number,
): Promise<void> {
  const { cluster, ref, log, signal } = target;
  const uid = stringAt(state.outputs, "metadata", "uid");
  try {
    const propagation = deletionPropagation(state.inputs);
    await cluster.remove(ref, { propagation, uid, signal });
  } catch (error) {
    if (isNotFound(error) || error instanceof UnknownKindError) {
      return;
    }
    if (uid !== undefined && error instanceof ApiError && error.status === 409) {
      log.info(`${describe(ref)} was replaced by another one, which stays`);
      return;
    }
    throw error;
  }
  if (skipsAwait(state.inputs)) {
    return;
  }
  let left: JsonObject | undefined;
  const gone = await poll(target, { timeoutMs, progress: log.status }, async () => {
    try {
      left = await cluster.get(ref, signal);
    } catch (error) {
      // A definition takes its kind with it.
      if (error instanceof UnknownKindError) {
        return done("gone");
      }
      throw error;
    }
    if (left === undefined || (uid !== undefined && stringAt(left, "metadata", "uid") !== uid)) {
      return done("gone");
    }
    return waiting(`deleting: ${holders(left)}`);
  });
  if (!gone) {
    throw new Error(
      `${describe(ref)} was still there ${timeoutMs / 1000} s after its deletion: ${holders(left)}`,
    );
  }
}

/** What an object that is being deleted still waits for. */
function holders(live: JsonObject | undefined): string {
  const remaining = listAt(live, "status", "conditions")
    .filter((entry) => entry["status"] === "True")
    .filter((entry) => (stringAt(entry, "type") ?? "").startsWith("Namespace"))
    .map((entry) => stringAt(entry, "message"));
  return remaining.length > 0 ? remaining.join("; ") : finalizers(live);
}
