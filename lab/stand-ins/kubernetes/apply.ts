/** Creating and updating one object, and finding out what a preview can know. */
import type { JsonObject } from "@fogline/pulumi-kit/json";
import type { Log } from "@fogline/pulumi-kit/messages";

import { forcesPatch } from "./annotations.ts";
import { describe } from "./await/wait.ts";
import { UnknownKindError, type ApplyOptions, type Cluster, type Ref } from "./cluster.ts";
import { ApiError, isAlreadyExists, isNotFound, pauseFor } from "./errors.ts";
import { CREATOR, respectIgnored, takenAlong } from "./managers.ts";
import type { Settings } from "./settings.ts";
import { manifest } from "./state.ts";

/** How often a creation is tried whose namespace or kind is not there yet, and the first pause. */
const TRIES = 5;
const FIRST_PAUSE_MS = 1_000;

export interface Target {
  cluster: Cluster;
  ref: Ref;
  settings: Settings;
  log: Log;
  signal: AbortSignal;
}

const isForced = (inputs: JsonObject, { settings }: Target): boolean =>
  forcesPatch(inputs) || settings.patchForce;

const optionsFor = ({ log, signal }: Target, manager: string): ApplyOptions => ({
  fieldManager: manager,
  force: false,
  signal,
  onWarning: log.warning,
});

/**
 * Creates an object. With `upsertExistingObjects` it is applied instead, so that one of the same name
 * is taken over, whoever made it.
 *
 * @throws when there is one and `upsertExistingObjects` is not set
 */
export async function createObject(
  target: Target,
  inputs: JsonObject,
  manager: string,
  mode: "write" | "preview" = "write",
): Promise<JsonObject> {
  const { cluster, ref, log, settings, signal } = target;
  const dryRun = mode === "preview";
  for (let tries = 1, wait = FIRST_PAUSE_MS; ; tries += 1, wait *= 2) {
    try {
      if (settings.upsertExisting) {
        return await applyObject(
          target,
          inputs,
          manager,
          mode,
          // In a preview the object to be replaced may still be there, whoever owns its fields.
          dryRun || isForced(inputs, target),
        );
      }
      const options = { ...optionsFor(target, CREATOR), dryRun };
      return await cluster.create(ref, manifest(inputs, ref), options);
    } catch (error) {
      const mayCome = isNotFound(error) || error instanceof UnknownKindError;
      if (isAlreadyExists(error) && mode === "write") {
        throw new Error(
          `${describe(ref)} already exists in the cluster (${error.message}). Delete it, or set upsertExistingObjects on the provider to take over whatever has the name; a resource that was renamed needs an alias`,
          { cause: error },
        );
      }
      if (!mayCome || mode === "preview" || tries > TRIES) {
        throw error;
      }
      log.status(error.message);
    }
    await pauseFor(wait, signal);
  }
}

/**
 * Changes an object that exists.
 *
 * @throws {ApiError} with status 404 when it does not
 */
export async function updateObject(
  target: Target,
  inputs: JsonObject,
  manager: string,
  ignored: readonly string[],
  mode: "write" | "preview" = "write",
): Promise<JsonObject> {
  const { cluster, ref, signal } = target;
  const path = await cluster.pathOf(ref);
  const found = (await cluster.client.json({ method: "GET", path, signal })) as JsonObject;
  const managers = mode === "write" ? takenAlong(found, manager) : undefined;
  const live = managers === undefined ? found : await cluster.setManagers(ref, found, managers);
  return applyObject(target, respectIgnored(live, inputs, ignored, manager), manager, mode);
}

/**
 * Applies inputs: for good, as a preview of that, or to compare with what is there. A comparison asks
 * what the server would make of the inputs whoever owns which field; it changes nothing.
 *
 * @throws naming field and manager when another manager owns a declared field.
 */
export async function applyObject(
  target: Target,
  inputs: JsonObject,
  manager: string,
  mode: "write" | "preview" | "compare" = "write",
  force = mode === "compare" || isForced(inputs, target),
): Promise<JsonObject> {
  const { cluster, ref } = target;
  const options: ApplyOptions = {
    ...optionsFor(target, manager),
    force,
    dryRun: mode !== "write",
  };
  try {
    return await cluster.apply(ref, manifest(inputs, ref), options);
  } catch (error) {
    if (error instanceof ApiError && error.conflicts.length > 0) {
      throw conflictError(error, ref);
    }
    throw error;
  }
}

function conflictError(error: ApiError, ref: Ref): Error {
  const fields = error.conflicts.map(
    ({ field, manager }) => `  ${field} is managed by "${manager}"`,
  );
  return new Error(
    [
      `${describe(ref)}: fields that the program declares belong to another manager:`,
      ...fields,
      `Leave these fields out of the program (or list them in ignoreChanges) to respect the other manager, or take them over with the annotation pulumi.com/patchForce: "true" or the provider's enablePatchForce`,
    ].join("\n"),
    { cause: error },
  );
}

/**
 * What the server would make of the inputs, or undefined where it cannot say before the update: the
 * namespace or the kind comes with the same update, or the object that a new one replaces is still
 * there.
 *
 * @throws {ApiError} when the server refuses the inputs: the update would fail the same way.
 */
export async function dryRun(
  target: Target,
  attempt: () => Promise<JsonObject>,
): Promise<JsonObject | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof UnknownKindError || isNotFound(error) || isAlreadyExists(error)) {
      return undefined;
    }
    // Refused for what may be there by the time of the update: accounts, roles, quotas, a port that
    // the replaced object still holds; or a webhook that does not take part in dry runs.
    const passing =
      error instanceof ApiError &&
      (error.status === 403 ||
        /already allocated|does not support dry run|field is immutable/.test(error.message));
    if (passing) {
      target.log.info(`the preview cannot be checked by the cluster: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}
