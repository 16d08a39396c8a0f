/**
 * An API server in memory, for tests: discovery (without schemas), reading, watching, creating,
 * deleting, and server-side apply as far as the provider leans on it (owners per field, conflicts,
 * removal of what is no longer declared, dry runs). Lists count as one field here; the real server knows their keys.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import {
  at,
  equal,
  formatPath,
  withValue,
  type Json,
  type JsonObject,
} from "@fogline/pulumi-kit/json";

import { objectAt, stringAt } from "../values.ts";
import { groups, kindAt, KINDS } from "./kinds.ts";
import { kubeconfigOf } from "./kubeconfig.ts";
import { disown, leaves, managedFields, managerKey, same, type Owners } from "./owners.ts";

interface Entry {
  object: JsonObject;
  owners: Owners;
}

export class TestApiServer {
  /** Acts as the controllers: called after each write with the object's path. */
  react: (path: string, object: JsonObject) => void = () => undefined;
  /** Text of the log of a container: `<pod>/<container>`. */
  readonly logs = new Map<string, string>();
  /** Requests seen, as `METHOD path?query`. */
  readonly requests: string[] = [];
  /** Answers given instead of the next requests, oldest first. */
  readonly failures: { status: number; body: JsonObject }[] = [];
  /** Objects under these paths keep existing after a deletion until `erase`. */
  readonly held = new Set<string>();
  private readonly entries = new Map<string, Entry>();
  /** Of the official plugin; the stand-in reads. */
  private readonly watchers = new Map<ServerResponse, string>();
  private readonly server: Server;
  private version = 1;

  constructor() {
    this.server = createServer((request, response) => {
      void this.answer(request, response);
    });
  }

  /** @param port 0 for any free one; that of before to come back after `stop`. */
  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    this.put("/api/v1/namespaces/default", { kind: "Namespace", status: { phase: "Active" } });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === "object" ? (address?.port ?? 0) : 0;
  }

  get kubeconfig(): string {
    return kubeconfigOf(`http://127.0.0.1:${this.port}`);
  }

  get(path: string): JsonObject | undefined {
    return this.entries.get(path)?.object;
  }

  /** Makes or changes an object as a controller does: its fields become `manager`'s. */
  put(path: string, fields: JsonObject, by = "controller"): JsonObject {
    const manager = managerKey(by, "Update");
    const found = this.entries.get(path);
    const entry = found ?? {
      object: this.fresh(path),
      owners: new Map() as Owners,
    };
    let object: Json = entry.object;
    for (const leaf of leaves(fields)) {
      object = withValue(object, leaf, at(fields, leaf));
      for (const other of entry.owners.keys()) {
        if (other !== manager) {
          disown(entry.owners, other, leaf);
        }
      }
    }
    entry.owners.set(manager, [...(entry.owners.get(manager) ?? []), ...leaves(fields)]);
    entry.object = this.stamped(object as JsonObject, entry.owners);
    this.entries.set(path, entry);
    this.notify(path, found === undefined ? "ADDED" : "MODIFIED");
    return entry.object;
  }

  erase(path: string): void {
    this.notify(path, "DELETED");
    this.entries.delete(path);
    this.held.delete(path);
  }

  private fresh(path: string): JsonObject {
    const parts = path.split("/");
    const namespace = path.includes("/namespaces/") && parts.at(-2) !== "namespaces";
    return {
      ...kindAt(path),
      metadata: {
        name: parts.at(-1) ?? "",
        uid: `uid-${this.version}`,
        ...(namespace && { namespace: parts.at(-3) ?? "" }),
      },
    };
  }

  private stamped(object: JsonObject, owners: Owners): JsonObject {
    this.version += 1;
    const metadata = objectAt(object, "metadata");
    return {
      ...object,
      metadata: {
        ...metadata,
        resourceVersion: String(this.version),
        managedFields: [...owners].map(([key, paths]) => managedFields(key, paths)),
      },
    };
  }

  /** Tells the watchers of an object's collection what has become of it. */
  private notify(path: string, type: "ADDED" | "MODIFIED" | "DELETED" = "MODIFIED"): void {
    const object = this.get(path) ?? this.fresh(path);
    for (const [response, collection] of this.watchers) {
      if (path.startsWith(`${collection}/`)) {
        response.write(`${JSON.stringify({ type, object })}\n`);
      }
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://test");
    const path = url.pathname;
    this.requests.push(`${request.method ?? ""} ${path}${url.search}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString();
    const body = text === "" ? {} : (JSON.parse(text) as JsonObject);
    const failure = this.failures.shift();
    if (failure !== undefined) {
      const after = at(failure.body, ["details", "retryAfterSeconds"]);
      if (typeof after === "number") {
        response.setHeader("retry-after", after);
      }
      reply(response, failure.status, failure.body);
    } else if (request.headers.authorization !== "Bearer test-token") {
      reply(response, 401, { message: "Unauthorized" });
    } else if (request.method === "POST") {
      this.create(path, body, url.searchParams, response);
    } else if (request.headers["content-type"] === "application/json-patch+json") {
      this.setManagers(path, body as unknown as JsonObject[], response);
    } else if (request.method === "PATCH") {
      this.write(path, body, "Apply", url.searchParams, response);
    } else if (request.method === "DELETE") {
      this.remove(path, body, response);
    } else {
      this.read(path, url.searchParams, response);
    }
  }

  private read(path: string, query: URLSearchParams, response: ServerResponse): void {
    const kinds = KINDS[path];
    const log = /\/pods\/([^/]+)\/log$/.exec(path);
    if (path === "/version") {
      reply(response, 200, { major: "1", minor: "36", gitVersion: "v1.36.3" });
    } else if (path === "/api") {
      reply(response, 200, { kind: "APIVersions", versions: ["v1"] });
    } else if (path === "/apis") {
      reply(response, 200, { kind: "APIGroupList", apiVersion: "v1", groups: groups() });
    } else if (path === "/openapi/v2") {
      // No kind has a schema: an empty document, in the binary form that clients ask for.
      response.writeHead(200, { "content-type": "application/octet-stream" }).end();
    } else if (kinds !== undefined) {
      const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];
      const resources = kinds.map(([name, kind, namespaced]) => ({
        name,
        kind,
        namespaced,
        verbs,
      }));
      const groupVersion = path.replace(/^\/apis?\//, "");
      reply(response, 200, { kind: "APIResourceList", groupVersion, resources });
    } else if (query.get("sendInitialEvents") === "true") {
      // As a server without streaming lists: clients then list and watch.
      reply(response, 422, { kind: "Status", status: "Failure", reason: "Invalid", code: 422 });
    } else if (log !== null) {
      response.end(this.logs.get(`${log[1] ?? ""}/${query.get("container") ?? ""}`) ?? "");
    } else if (query.get("watch") !== null) {
      response.writeHead(200).flushHeaders();
      this.watchers.set(response, path);
      response.once("close", () => this.watchers.delete(response));
    } else if (this.isCollection(path)) {
      const metadata = { resourceVersion: String(this.version) };
      const items = this.select(path, query);
      reply(response, 200, { kind: "List", apiVersion: "v1", metadata, items });
    } else {
      const found = this.get(path);
      reply(response, found === undefined ? 404 : 200, found ?? notFound(path));
    }
  }

  private isCollection(path: string): boolean {
    const parts = path.split("/");
    return Object.values(KINDS)
      .flat()
      .some(([plural]) => parts.at(-1) === plural);
  }

  private select(path: string, query: URLSearchParams): JsonObject[] {
    /** Whether an object has every `key=value` of a selector. */
    const meets = (selector: string, value: (key: string) => Json | undefined): boolean =>
      (query.get(selector) ?? "")
        .split(",")
        .filter((part) => part !== "")
        .map((part) => part.split("="))
        .every(([key = "", wanted]) => value(key) === wanted);
    return [...this.entries]
      .filter(([key]) => key.startsWith(`${path}/`) && !key.slice(path.length + 1).includes("/"))
      .map(([, entry]) => entry.object)
      .filter((object) =>
        meets("labelSelector", (key) => objectAt(object, "metadata", "labels")[key]),
      )
      .filter((object) => meets("fieldSelector", (key) => at(object, key.split("."))));
  }

  private create(
    collection: string,
    declared: JsonObject,
    query: URLSearchParams,
    response: ServerResponse,
  ): void {
    const name = stringAt(declared, "metadata", "name") ?? "";
    const path = `${collection}/${name}`;
    if (this.get(path) !== undefined) {
      const message = `${collection.split("/").at(-1) ?? ""} "${name}" already exists`;
      reply(response, 409, { reason: "AlreadyExists", message });
      return;
    }
    this.write(path, declared, "Update", query, response);
  }

  /** A JSON patch of `managedFields`, as a change of managers is made. */
  private setManagers(path: string, patch: readonly JsonObject[], response: ServerResponse): void {
    const entry = this.entries.get(path);
    const [fields, version] = patch.map(({ value }) => value);
    if (entry === undefined) {
      reply(response, 404, notFound(path));
    } else if (version !== stringAt(entry.object, "metadata", "resourceVersion")) {
      reply(response, 409, { reason: "Conflict", message: "the object has been modified" });
    } else {
      entry.owners = new Map(
        (fields as JsonObject[]).map((field) => [
          `${stringAt(field, "manager") ?? ""} ${stringAt(field, "operation") ?? ""}`,
          leaves(field["fieldsV1"] ?? {}).map((leaf) => leaf.map((key) => String(key).slice(2))),
        ]),
      );
      entry.object = this.stamped(entry.object, entry.owners);
      reply(response, 200, entry.object);
    }
  }

  private write(
    path: string,
    declared: JsonObject,
    operation: "Apply" | "Update",
    query: URLSearchParams,
    response: ServerResponse,
  ): void {
    const manager = managerKey(query.get("fieldManager") ?? "", operation);
    const namespace = /^(\/api\/v1\/namespaces\/[^/]+)$|\/namespaces\/([^/]+)\//.exec(path)?.[2];
    if (namespace !== undefined && this.get(`/api/v1/namespaces/${namespace}`) === undefined) {
      reply(response, 404, notFound(`namespaces "${namespace}"`));
      return;
    }
    const before = this.entries.get(path);
    const owners = new Map(before?.owners);
    const wanted = leaves(declared).filter(
      (leaf) => !["apiVersion", "kind"].includes(`${leaf[0]}`),
    );
    const conflicts = [...owners]
      .filter(([other]) => other !== manager)
      .flatMap(([other, paths]) =>
        wanted
          .filter((leaf) => paths.some(same(leaf)))
          .filter((leaf) => !equal(at(before?.object, leaf), at(declared, leaf)))
          .map((leaf) => ({ other, leaf })),
      );
    if (conflicts.length > 0 && query.get("force") !== "true") {
      const causes = conflicts.map(({ other, leaf }) => ({
        reason: "FieldManagerConflict",
        message: `conflict with "${other.split(" ")[0] ?? ""}" using v1`,
        field: `.${formatPath(leaf)}`,
      }));
      reply(response, 409, { message: "Apply failed", reason: "Conflict", details: { causes } });
      return;
    }
    let object: Json = before?.object ?? this.fresh(path);
    for (const gone of (owners.get(manager) ?? []).filter((leaf) => !wanted.some(same(leaf)))) {
      const shared = [...owners].some(
        ([other, paths]) => other !== manager && paths.some(same(gone)),
      );
      object = shared ? object : withValue(object, gone, undefined);
    }
    for (const leaf of [...wanted, ["apiVersion"], ["kind"]]) {
      object = withValue(object, leaf, at(declared, leaf));
    }
    for (const { other, leaf } of conflicts) {
      disown(owners, other, leaf);
    }
    owners.set(manager, wanted);
    const generation = (Number(at(before?.object, ["metadata", "generation"])) || 0) + 1;
    object = withValue(object, ["metadata", "generation"], generation);
    const result = this.stamped(object as JsonObject, owners);
    if (query.get("dryRun") !== "All") {
      this.entries.set(path, { object: result, owners });
      this.notify(path, before === undefined ? "ADDED" : "MODIFIED");
      this.react(path, result);
    }
    reply(response, 200, result);
  }

  private remove(path: string, options: JsonObject, response: ServerResponse): void {
    const found = this.get(path);
    const uid = stringAt(options, "preconditions", "uid");
    if (found === undefined) {
      reply(response, 404, notFound(path));
    } else if (uid !== undefined && uid !== stringAt(found, "metadata", "uid")) {
      reply(response, 409, { reason: "Conflict", message: "the UID in the precondition differs" });
    } else {
      if (this.held.has(path)) {
        this.put(path, {
          metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["test/hold"] },
        });
      } else {
        this.erase(path);
      }
      reply(response, 200, {});
    }
  }
}

const notFound = (what: string): JsonObject => ({
  reason: "NotFound",
  message: `${what} not found`,
});

function reply(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
