/** Creating and updating one object by server-side apply, and finding out what a preview can know. */
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import * as annotations from "./annotations.ts";
import { poll, waiting, done, describe } from "./await/wait.ts";
import { UnknownKindError, type ApplyOptions, type Cluster, type Ref } from "./cluster.ts";
import type { Log } from "./engine.ts";
import { ApiError, CancelledError, isNotFound } from "./errors.ts";
import type { Settings } from "./settings.ts";
import { FIELD_MANAGER, manifest } from "./state.ts";
import { isBuiltIn } from "./tokens.ts";
import { at, equal, listAt, parsePath, stringAt, withValue, type JsonObject } from "./values.ts";

/** How long a kind may take to be served after its definition was applied, in milliseconds. */
const KIND_MS = 30_000;
/** How long to wait for objects that the cluster makes by itself (a namespace's account). */
const COMPANION_MS = 30_000;
const RETRY_MS = 1_000;

export interface Target {
  cluster: Cluster;
  ref: Ref;
  settings: Settings;
  log: Log;
  signal: AbortSignal;
}

/**
 * Name under which our fields are known to the server, kept in the state. Per resource, so that two
 * programs that declare the same object notice each other; derived from the URN, so that an update
 * that was killed after a write knows its own object again.
 */
export const fieldManagerOf = (urn: string, inputs: JsonObject, outputs: JsonObject): string =>
  annotations.fieldManager(inputs) ??
  stringAt(outputs, FIELD_MANAGER) ??
  `pulumi-kubernetes-${createHash("sha256").update(urn).digest("hex").slice(0, 8)}`;

const isForced = (inputs: JsonObject, { settings }: Target): boolean =>
  annotations.patchForce(inputs) ?? settings.patchForce;

/** Waits for the kind of a custom resource, whose definition may be a moment old. */
export async function awaitKind({ cluster, ref, signal }: Target): Promise<void> {
  await cluster.awaitKind(ref, isBuiltIn(ref) ? 0 : KIND_MS, signal);
}

/**
 * Makes sure that the name is free: waits for a namesake that is being deleted. An object that
 * `manager` applied is this resource's own, from an update that did not get to record it.
 *
 * @throws when the object exists and `upsertExistingObjects` does not allow to adopt it.
 */
export async function awaitFreeName(
  target: Target,
  manager: string,
  timeoutMs: number,
): Promise<void> {
  const { cluster, ref, settings, log } = target;
  const free = await poll(target, { timeoutMs, progress: log.status }, async () => {
    const found = await cluster.get(ref, target.signal);
    if (found === undefined) {
      return done("the name is free");
    }
    if (stringAt(found, "metadata", "deletionTimestamp") !== undefined) {
      return waiting(`an older ${describe(ref)} is still being deleted`);
    }
    const managers = listAt(found, "metadata", "managedFields");
    if (settings.upsertExisting || managers.some((entry) => entry["manager"] === manager)) {
      return done("it is adopted");
    }
    throw new Error(
      `${describe(ref)} exists already and is not managed by this stack. Import it (the import option or \`pulumi import\`), delete it, or set upsertExistingObjects on the provider to adopt it`,
    );
  });
  if (!free) {
    throw new Error(
      `an older ${describe(ref)} was still being deleted after ${timeoutMs / 1000} s: ${finalizers(await cluster.get(ref, target.signal))}`,
    );
  }
}

/** What holds an object that is being deleted. */
export const finalizers = (live: JsonObject | undefined): string => {
  const found = at(live, ["metadata", "finalizers"]);
  return Array.isArray(found) && found.length > 0
    ? `finalizers ${(found as string[]).join(", ")}`
    : "its dependants are not gone";
};

/**
 * Applies inputs: for good, as a preview of that, or to compare with what is there. A comparison asks
 * what the server would make of the inputs whoever owns which field; it changes nothing.
 *
 * @throws naming field and manager when somebody else owns a declared field.
 */
export async function applyObject(
  target: Target,
  inputs: JsonObject,
  manager: string,
  mode: "write" | "preview" | "compare" = "write",
): Promise<JsonObject> {
  const { cluster, ref, log, settings, signal } = target;
  const options: ApplyOptions = {
    fieldManager: manager,
    force: mode === "compare" || isForced(inputs, target),
    dryRun: mode !== "write",
    signal,
    onWarning: (text) => {
      if (!settings.suppressDeprecationWarnings || !/deprecat/i.test(text)) {
        log.warning(text);
      }
    },
  };
  for (const until = Date.now() + (mode === "write" ? COMPANION_MS : 0); ;) {
    try {
      return await cluster.apply(ref, manifest(inputs, ref), options);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (error.conflicts.length > 0) {
        throw conflictError(error, ref);
      }
      if (!passesByItself(error) || Date.now() >= until) {
        throw error;
      }
      log.status(error.message);
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => {
      throw new CancelledError();
    });
  }
}

/** A new namespace has no default account yet, or another write came in between. */
const passesByItself = (error: ApiError): boolean =>
  (error.status === 403 && /serviceaccount "[^"]+" not found/.test(error.message)) ||
  (error.status === 409 && error.reason === "Conflict");

function conflictError(error: ApiError, ref: Ref): Error {
  const fields = error.conflicts.map(
    ({ field, manager }) => `  ${field} is managed by "${manager}"`,
  );
  return new Error(
    [
      `${describe(ref)}: fields that the program declares belong to another manager:`,
      ...fields,
      'Leave these fields out of the program (or list them in ignoreChanges) to respect the other manager, or take them over with the annotation pulumi.com/patchForce: "true"',
    ].join("\n"),
    { cause: error },
  );
}

/**
 * Inputs for an update with `ignoreChanges`: at each of its paths stands what the cluster has now, so
 * that an ignored field is neither changed nor fought over with its manager.
 */
export async function respectIgnored(
  target: Target,
  inputs: JsonObject,
  ignored: string[],
): Promise<JsonObject> {
  if (ignored.length === 0) {
    return inputs;
  }
  const live = await target.cluster.get(target.ref, target.signal);
  let result = inputs;
  for (const text of ignored) {
    const path = parsePath(text);
    const now = at(live, path);
    if (live !== undefined && !equal(at(inputs, path), now)) {
      result = withValue(result, path, now) as JsonObject;
    }
  }
  return result;
}

/**
 * What the server would make of the inputs, or undefined where it cannot say before the update: the
 * namespace or the kind comes with the same update, or the object that a new one replaces is still
 * there (`attempt` then returns undefined by itself).
 *
 * @throws {ApiError} when the server refuses the inputs: the update would fail the same way.
 */
export async function dryRun(
  target: Target,
  attempt: () => Promise<JsonObject | undefined>,
): Promise<JsonObject | undefined> {
  try {
    return await attempt();
  } catch (error) {
    if (error instanceof UnknownKindError || isNotFound(error)) {
      return undefined;
    }
    // Refused for what may be there by the time of the update: accounts, roles, quotas, a port that
    // the replaced object still holds; or a webhook that does not take part in dry runs.
    const passing =
      error instanceof ApiError &&
      (error.status === 403 || /already allocated|does not support dry run/.test(error.message));
    if (passing) {
      target.log.info(`the preview cannot be checked by the cluster: ${error.message}`);
      return undefined;
    }
    throw error;
  }
}
