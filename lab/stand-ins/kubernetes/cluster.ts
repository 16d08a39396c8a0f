/** Objects of one cluster by kind and name: discovery turns a kind into the path of a request. */
import { isObject, type Json, type JsonObject } from "@fogline/pulumi-kit/json";

import { DEFAULT_NAMESPACE } from "./check.ts";
import type { Client, Request } from "./client.ts";
import { isNotFound } from "./errors.ts";
import type { Kind } from "./tokens.ts";
import { listAt, stringAt } from "./values.ts";

/** One object. The namespace is absent for cluster-scoped kinds. */
export interface Ref extends Kind {
  namespace?: string;
  name: string;
}

interface ResourceType {
  plural: string;
  namespaced: boolean;
}

/** The cluster serves no such kind: its definition is not there, or not there yet. */
export class UnknownKindError extends Error {
  constructor({ apiVersion, kind }: Kind) {
    super(`the cluster has no kind ${kind} in ${apiVersion}`);
    this.name = "UnknownKindError";
  }
}

const APPLY = "application/apply-patch+yaml";
const JSON_PATCH = "application/json-patch+json";

export interface ApplyOptions {
  fieldManager: string;
  force: boolean;
  dryRun?: boolean;
  signal?: AbortSignal | undefined;
  onWarning?: (text: string) => void;
}

export class Cluster {
  readonly client: Client;
  private readonly groups = new Map<string, Promise<Map<string, ResourceType>>>();

  constructor(client: Client) {
    this.client = client;
  }

  /** The object's path. */
  async pathOf(ref: Ref): Promise<string> {
    return `${await this.collectionOf(ref)}/${encodeURIComponent(ref.name)}`;
  }

  /** The path of all objects of the kind in the object's namespace. */
  private async collectionOf(ref: Ref): Promise<string> {
    const { plural, namespaced } = await this.typeOf(ref);
    const scope = namespaced
      ? `/namespaces/${encodeURIComponent(ref.namespace ?? DEFAULT_NAMESPACE)}`
      : "";
    return `${root(ref.apiVersion)}${scope}/${plural}`;
  }

  /** @throws {UnknownKindError} when the cluster does not serve the kind. */
  async isNamespaced(kind: Kind): Promise<boolean> {
    return (await this.typeOf(kind)).namespaced;
  }

  /** The live object; undefined when there is none. */
  async get(ref: Ref, signal?: AbortSignal): Promise<JsonObject | undefined> {
    const path = await this.pathOf(ref);
    try {
      return asObject(await this.client.json({ method: "GET", path, signal }));
    } catch (error) {
      if (isNotFound(error)) {
        return undefined;
      }
      throw error;
    }
  }

  async list(
    path: string,
    query: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<JsonObject[]> {
    return listAt(await this.client.json({ method: "GET", path, query, signal }), "items");
  }

  /** Creates an object. @throws {ApiError} with status 409 when there is one of the same name. */
  async create(ref: Ref, object: JsonObject, options: ApplyOptions): Promise<JsonObject> {
    const path = await this.collectionOf(ref);
    return this.write({ method: "POST", path, body: object }, options);
  }

  /** Writes who owns which field of a live object, unless the object changed meanwhile. */
  async setManagers(ref: Ref, live: JsonObject, managers: JsonObject[]): Promise<JsonObject> {
    const version = stringAt(live, "metadata", "resourceVersion") ?? "";
    const answer = await this.client.json({
      method: "PATCH",
      path: await this.pathOf(ref),
      contentType: JSON_PATCH,
      body: [
        { op: "replace", path: "/metadata/managedFields", value: managers },
        { op: "replace", path: "/metadata/resourceVersion", value: version },
      ],
    });
    return asObject(answer);
  }

  /** Server-side apply: declares the fields of `object` as ours, and no other. */
  async apply(ref: Ref, object: JsonObject, options: ApplyOptions): Promise<JsonObject> {
    const path = await this.pathOf(ref);
    const query = { force: String(options.force) };
    return this.write({ method: "PATCH", path, contentType: APPLY, query, body: object }, options);
  }

  private async write(
    request: Request,
    { fieldManager, dryRun, signal, onWarning }: ApplyOptions,
  ): Promise<JsonObject> {
    const query = {
      ...request.query,
      fieldManager,
      fieldValidation: "Warn",
      dryRun: dryRun === true ? "All" : undefined,
    };
    return asObject(await this.client.json({ ...request, query, signal, onWarning }));
  }

  /** Deletes an object in the foreground: its dependants go first. */
  async remove(ref: Ref, signal: AbortSignal): Promise<void> {
    await this.client.json({
      method: "DELETE",
      path: await this.pathOf(ref),
      body: { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Foreground" },
      signal,
    });
  }

  private async typeOf(kind: Kind): Promise<ResourceType> {
    const known = this.groups.get(kind.apiVersion);
    const found = known && (await known).get(kind.kind);
    if (found !== undefined) {
      return found;
    }
    // Missing or never asked: definitions come and go while a program runs, so ask (again).
    const asked = this.discover(kind.apiVersion);
    this.groups.set(kind.apiVersion, asked);
    try {
      const type = (await asked).get(kind.kind);
      if (type !== undefined) {
        return type;
      }
    } catch (error) {
      this.groups.delete(kind.apiVersion);
      throw error;
    }
    throw new UnknownKindError(kind);
  }

  private async discover(apiVersion: string): Promise<Map<string, ResourceType>> {
    const types = new Map<string, ResourceType>();
    try {
      const answer = await this.client.json({ method: "GET", path: root(apiVersion) });
      for (const resource of listAt(answer, "resources")) {
        const plural = stringAt(resource, "name") ?? "";
        const kind = stringAt(resource, "kind") ?? "";
        // Subresources (`pods/log`) carry kinds of their own and are no objects.
        if (!plural.includes("/")) {
          types.set(kind, { plural, namespaced: resource["namespaced"] === true });
        }
      }
    } catch (error) {
      if (!isNotFound(error)) {
        throw error;
      }
    }
    return types;
  }
}

const root = (apiVersion: string): string =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

function asObject(answer: Json): JsonObject {
  if (!isObject(answer)) {
    throw new Error("the API server answered with something that is no object");
  }
  return answer;
}
