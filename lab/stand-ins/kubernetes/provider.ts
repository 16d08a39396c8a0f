/** The provider's operations on plain values; `service.ts` speaks the engine's protocol around them. */
import { setMaxListeners } from "node:events";

import { isObject, type JsonObject } from "@fogline/pulumi-kit/json";
import type { Log } from "@fogline/pulumi-kit/messages";
import { hasUnknown, typeOf } from "@fogline/pulumi-kit/values";
import { InitFailedError, type Plan } from "@fogline/pulumi-kit/wire";

import { skipsAwait } from "./annotations.ts";
import { applyObject, createObject, dryRun, updateObject, type Target } from "./apply.ts";
import { readinessOf } from "./await/readiness.ts";
import { DEFAULT_TIMEOUT_MS, describe, waitUntilReady, type Readiness } from "./await/wait.ts";
import { check, DEFAULT_NAMESPACE, type Checked } from "./check.ts";
import type { Ref } from "./cluster.ts";
import { ClusterAwayError, Connection } from "./connection.ts";
import { diff } from "./diff.ts";
import { CancelledError, NotReadyError, textOf } from "./errors.ts";
import { fieldManagerOf } from "./managers.ts";
import { removeObject } from "./remove.ts";
import { parseSettings, type Settings } from "./settings.ts";
import {
  idOf,
  merged,
  outputsOf,
  previewOutputs,
  readable,
  refOf,
  refreshedInputs,
} from "./state.ts";
import { isNamespaced, parseToken, type Kind } from "./tokens.ts";
import { stringAt } from "./values.ts";

export interface Outcome {
  id: string;
  outputs: JsonObject;
}

export interface Write {
  urn: string;
  inputs: JsonObject;
  /** From the resource's customTimeouts, in milliseconds; 0 when it has none. */
  timeoutMs: number;
  preview: boolean;
}

export interface Update extends Write {
  id: string;
  outputs: JsonObject;
  ignoreChanges: string[];
}

export class KubernetesProvider {
  private settings: Settings = parseSettings({});
  private readonly logFor: (urn: string) => Log;
  private readonly cancellation = new AbortController();
  private connection = new Connection(this.settings);

  constructor(logFor: (urn: string) => Log) {
    this.logFor = logFor;
    // Every operation under way listens, and the engine runs as many at once as it likes.
    setMaxListeners(0, this.cancellation.signal);
  }

  configure(settings: Settings): void {
    this.settings = settings;
    this.connection = new Connection(settings);
  }

  /** Ends every wait; what is under way fails with what it has reached. */
  cancel(): void {
    this.cancellation.abort();
  }

  check(urn: string, news: JsonObject): Checked {
    return check(parseToken(typeOf(urn)), news);
  }

  diff(urn: string, old: JsonObject, news: JsonObject): Plan {
    return diff(parseToken(typeOf(urn)), old, news);
  }

  async create(write: Write): Promise<Outcome> {
    const kind = parseToken(typeOf(write.urn));
    if (write.preview) {
      return { id: "", outputs: await this.previewCreate(kind, write) };
    }
    const { inputs } = write;
    await this.reached("write");
    const target = this.target(write.urn, this.refTo(kind, inputs));
    const manager = fieldManagerOf({});
    const written = await createObject(target, inputs, manager);
    target.ref = await this.scoped(target.ref);
    return this.ready(target, write, written, manager);
  }

  async update(update: Update): Promise<Outcome> {
    const kind = parseToken(typeOf(update.urn));
    const { id, inputs, outputs } = update;
    if (update.preview) {
      return { id, outputs: await this.previewUpdate(kind, update) };
    }
    await this.reached("write");
    const target = this.target(update.urn, refOf(kind, id));
    const manager = fieldManagerOf(outputs);
    const written = await updateObject(target, inputs, manager, update.ignoreChanges);
    return this.ready(target, update, written, manager);
  }

  /** The live object, or undefined when there is none (any more). */
  async read(
    urn: string,
    id: string,
    oldInputs: JsonObject,
    outputs: JsonObject,
  ): Promise<(Outcome & { inputs: JsonObject }) | undefined> {
    const kind = parseToken(typeOf(urn));
    if (!isObject(oldInputs["metadata"])) {
      throw new Error(
        `${describe(refOf(kind, id))}: import and get are not supported by the kubernetes stand-in; declare the object`,
      );
    }
    if (await this.forgets(urn, "read")) {
      return undefined;
    }
    const target = this.target(urn, refOf(kind, id));
    const live = await target.cluster.get(target.ref, target.signal);
    if (live === undefined) {
      return undefined;
    }
    const manager = fieldManagerOf(outputs);
    const state = outputsOf(live, kind, manager);
    // What the server makes of the old inputs tells drift from another spelling of the same value.
    const expected = await applyObject(target, oldInputs, manager, "compare").catch(
      (error: unknown) => {
        target.log.info(`drift is judged without the cluster's help: ${textOf(error)}`);
        return oldInputs;
      },
    );
    const inputs = refreshedInputs(
      oldInputs,
      readable(expected, kind),
      readable(live, kind),
    ) as JsonObject;
    const readiness = this.readiness(kind, oldInputs);
    const verdict = await readiness?.look(live, target);
    if (verdict !== undefined && !verdict.done) {
      const reasons = (await readiness?.explain?.(live, target)) ?? [];
      const all = [`${describe(target.ref)}: ${verdict.message}`, ...reasons];
      throw new InitFailedError(id, all, state, inputs);
    }
    return { id, outputs: state, inputs };
  }

  async delete(
    urn: string,
    id: string,
    state: { inputs: JsonObject; outputs: JsonObject },
    timeoutMs: number,
  ): Promise<void> {
    const kind = parseToken(typeOf(urn));
    if (await this.forgets(urn, "delete")) {
      return;
    }
    const target = this.target(urn, refOf(kind, id));
    await removeObject(target, state, timeoutMs || DEFAULT_TIMEOUT_MS);
  }

  /** Waits for readiness unless the object says otherwise, and puts the outputs together. */
  private async ready(
    target: Target,
    { inputs, timeoutMs }: Write,
    written: JsonObject,
    manager: string,
  ): Promise<Outcome> {
    const { ref, log } = target;
    const id = idOf(ref);
    const readiness = this.readiness(ref, inputs);
    if (readiness === undefined) {
      return { id, outputs: outputsOf(written, ref, manager) };
    }
    try {
      const options = {
        timeoutMs: timeoutMs || (readiness.defaultTimeoutMs ?? DEFAULT_TIMEOUT_MS),
        progress: log.status,
        warn: log.statusWarning,
      };
      const live = await waitUntilReady(readiness, written, target, options);
      return { id, outputs: outputsOf(live, ref, manager) };
    } catch (error) {
      // Whatever went wrong, the object is there: only a partial failure keeps it in the state.
      const reasons =
        error instanceof NotReadyError
          ? error.reasons
          : [
              error instanceof CancelledError
                ? `${describe(ref)}: cancelled while waiting for it to become ready`
                : `${describe(ref)}: ${textOf(error)}`,
            ];
      throw new InitFailedError(id, reasons, outputsOf(written, ref, manager), inputs);
    }
  }

  private readiness(kind: Kind, inputs: JsonObject): Readiness | undefined {
    return skipsAwait(inputs) ? undefined : readinessOf(kind);
  }

  private async previewCreate(kind: Kind, { urn, inputs }: Write): Promise<JsonObject> {
    if (!hasUnknown(inputs) && (await this.isReached())) {
      const target = this.target(urn, this.refTo(kind, inputs));
      const manager = fieldManagerOf({});
      const found = await dryRun(target, () => createObject(target, inputs, manager, "preview"));
      if (found !== undefined) {
        return previewOutputs(found, inputs, kind);
      }
    }
    return previewOutputs(inputs, inputs, kind);
  }

  private async previewUpdate(kind: Kind, update: Update): Promise<JsonObject> {
    const { urn, id, inputs, outputs, ignoreChanges } = update;
    if (!hasUnknown(inputs) && (await this.isReached())) {
      const target = this.target(urn, refOf(kind, id));
      const manager = fieldManagerOf(outputs);
      const found = await dryRun(target, () =>
        updateObject(target, inputs, manager, ignoreChanges, "preview"),
      );
      if (found !== undefined) {
        return outputsOf(found, kind, manager);
      }
    }
    return merged(outputs, inputs) as JsonObject;
  }

  private target(urn: string, ref: Ref): Target {
    return {
      cluster: this.connection.cluster,
      ref,
      settings: this.settings,
      log: this.logFor(urn),
      signal: this.cancellation.signal,
    };
  }

  /** @throws {ClusterAwayError} when the cluster did not answer when it was asked */
  private async reached(operation: "write"): Promise<void> {
    const reason = await this.connection.absence();
    if (reason !== undefined) {
      throw new ClusterAwayError(operation, reason);
    }
  }

  /** Without a cluster a preview shows inputs: the cluster may be part of what the update creates. */
  private async isReached(): Promise<boolean> {
    return (await this.connection.absence()) === undefined;
  }

  /**
   * Whether an object counts as gone, as its cluster does not answer and `deleteUnreachable` is set.
   *
   * @throws {ClusterAwayError} when it does not answer and `deleteUnreachable` is not set
   */
  private async forgets(urn: string, operation: "read" | "delete"): Promise<boolean> {
    const reason = await this.connection.absence();
    if (reason === undefined) {
      return false;
    }
    const log = this.logFor(urn);
    log.warning(Connection.warning(reason));
    if (!this.settings.deleteUnreachable) {
      throw new ClusterAwayError(operation, reason);
    }
    log.info("deleteUnreachable is set: the resource is taken out of the state");
    return true;
  }

  private refTo(kind: Kind, inputs: JsonObject): Ref {
    const name = stringAt(inputs, "metadata", "name") ?? "";
    const namespace = stringAt(inputs, "metadata", "namespace");
    return { ...kind, name, ...(namespace !== undefined && { namespace }) };
  }

  /** A custom resource's namespace, which only the cluster can ask for. */
  private async scoped(ref: Ref): Promise<Ref> {
    const namespaced = isNamespaced(ref) ?? (await this.connection.cluster.isNamespaced(ref));
    if (!namespaced) {
      const { apiVersion, kind, name } = ref;
      return { apiVersion, kind, name };
    }
    return { ...ref, namespace: ref.namespace ?? DEFAULT_NAMESPACE };
  }
}
