import { at, type JsonObject } from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { InitFailedError } from "@fogline/pulumi-kit/wire";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";
import { KubernetesProvider, type Update, type Write } from "./provider.ts";
import { parseSettings } from "./settings.ts";
import { TestApiServer } from "./testing/api-server.ts";
import { kubeconfigOf } from "./testing/kubeconfig.ts";
import { stringAt } from "./values.ts";

const MAP = "kubernetes:core/v1:ConfigMap";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const PATH = "/api/v1/namespaces/default/configmaps/a";
const WEB = "/apis/apps/v1/namespaces/default/deployments/a";

let api: TestApiServer;
let said: string[];
let warned: string[];
beforeEach(async () => {
  api = new TestApiServer();
  said = [];
  warned = [];
  await api.start();
});
afterEach(() => api.stop());

const urn = (type: string, name = "a"): string => `urn:pulumi:test::fogline::${type}::${name}`;
const log = {
  status: (text: string) => said.push(text),
  statusWarning: (text: string) => warned.push(text),
  info: () => 0,
  warning: (text: string) => said.push(text),
};

function provider(settings: JsonObject = {}): KubernetesProvider {
  const made = new KubernetesProvider(() => log);
  made.configure(parseSettings({ kubeconfig: api.kubeconfig, ...settings }));
  return made;
}

const inputs = (fields: JsonObject, annotations?: JsonObject): JsonObject => ({
  metadata: { name: "a", namespace: "default", ...(annotations && { annotations }) },
  ...fields,
});
const write = (type: string, fields: JsonObject, more: Partial<Write> = {}): Write => ({
  urn: urn(type),
  inputs: inputs(fields),
  timeoutMs: CONDITION,
  preview: false,
  ...more,
});
const change = (
  from: Write,
  outputs: JsonObject,
  fields: JsonObject,
  more: Partial<Update> = {},
): Update => ({
  ...from,
  inputs: inputs(fields),
  id: "default/a",
  outputs,
  ignoreChanges: [],
  ...more,
});
const SKIP = { "pulumi.com/skipAwait": "true" };

describe("create", () => {
  it("applies what is declared and returns the live object", async () => {
    const { id, outputs } = await provider().create(write(MAP, { data: { k: "v" } }));
    expect(id).toBe("default/a");
    expect(outputs).toMatchObject({
      data: { k: "v" },
      metadata: { uid: expect.stringMatching("uid") as string },
    });
    expect(stringAt(outputs, "__fieldManager")).toMatch(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    expect(at(outputs, ["metadata", "managedFields"])).toBeUndefined();
    expect(api.get(PATH)).toMatchObject({ data: { k: "v" } });
  });

  it("refuses an object that exists, its own from an update that was killed included", async () => {
    await provider().create(write(MAP, { data: { k: "v" } }));
    await expect(provider().create(write(MAP, { data: { k: "v" } }))).rejects.toThrow(
      "already exists",
    );
    const terminating = { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } };
    api.put(PATH, terminating);
    await expect(provider().create(write(MAP, {}))).rejects.toThrow("already exists");
  });

  it("takes over what exists, if told to, and its fields by force alone", async () => {
    const upsert = { upsertExistingObjects: "true" };
    await provider(upsert).create(write(MAP, { data: { k: "v", gone: "v" } }));
    // The same update again, after a kill: the manager that it had then is another one now.
    const again = write(MAP, { data: { k: "w" } });
    await expect(provider(upsert).create(again)).rejects.toThrow(/data\.k is managed by/);
    const made = await provider({ ...upsert, enablePatchForce: "true" }).create(again);
    expect(made.outputs["data"]).toEqual({ k: "w", gone: "v" });

    api.put(PATH, { data: { theirs: "1" } }, "somebody");
    const adopted = await provider(upsert).create(write(MAP, { data: { x: "1" } }));
    expect(adopted.outputs["data"]).toMatchObject({ theirs: "1", x: "1" });
  });

  it("tries again when the server says when", async () => {
    const busy = { status: 429, body: { details: { retryAfterSeconds: 0.1 } } };
    const made = provider();
    await made.create(write(MAP, {}));
    api.failures.push(busy);
    await made.read(urn(MAP), "default/a", inputs({}), {});
    api.failures.push({ status: 503, body: { message: "busy" } });
    await expect(made.read(urn(MAP), "default/a", inputs({}), {})).rejects.toThrow("503 busy");
  });

  it("asks once whether the cluster answers", async () => {
    const { port } = api;
    await api.stop();
    const made = provider({ kubeconfig: kubeconfigOf(`http://127.0.0.1:${port}`) });
    const refused = "configured Kubernetes cluster is unreachable: unable to load schema";
    await expect(made.create(write(MAP, {}))).rejects.toThrow(refused);
    await api.start(port);
    await expect(made.create(write(MAP, {}))).rejects.toThrow(refused);
    await expect(provider().create(write(MAP, {}))).resolves.toMatchObject({ id: "default/a" });
  });

  it("keeps the object in the state when it does not become ready", async () => {
    const late = write("kubernetes:core/v1:Namespace", {}, { timeoutMs: 600 });
    late.inputs = { metadata: { name: "late" } };
    const failure: unknown = await provider()
      .create(late)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(InitFailedError);
    expect(failure).toMatchObject({ id: "late", inputs: late.inputs });
    expect((failure as InitFailedError).reasons[0]).toContain(
      "Namespace late: not ready after 1 s",
    );
  });

  it("warns of what is amiss while it waits, once each, though all ends well", async () => {
    const rollout = write(DEPLOYMENT, { spec: { replicas: 1 } });
    const created = provider().create(rollout);
    await expect.poll(() => said.length).toBeGreaterThan(0);
    const uid = stringAt(api.get(WEB), "metadata", "uid") ?? "";
    api.put("/api/v1/namespaces/default/events/e1", {
      ...{ type: "Warning", reason: "FailedGetScale", message: "no such thing" },
      involvedObject: { uid },
    });
    const unavailable = {
      type: "Available",
      status: "False",
      reason: "MinimumReplicasUnavailable",
    };
    api.put(WEB, { status: { conditions: [{ ...unavailable, message: "not yet" }] } });
    const both = ["FailedGetScale: no such thing", "[MinimumReplicasUnavailable] not yet"];
    // The event may be told of before the status is looked at.
    await expect.poll(() => [...warned].sort()).toEqual(both);
    const ready = { observedGeneration: 9, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    api.put(WEB, { status: ready });
    await created;
    expect([...warned].sort()).toEqual(both);
  });

  it("ends its waits when cancelled", async () => {
    const made = provider();
    const late = write("kubernetes:core/v1:Namespace", {});
    late.inputs = { metadata: { name: "late" } };
    const created = made.create(late);
    await expect.poll(() => said.length).toBeGreaterThan(0);
    made.cancel();
    await expect(created).rejects.toThrow("cancelled while waiting");
  });
});

describe("update", () => {
  const first = write(DEPLOYMENT, {});
  first.inputs = inputs({ spec: { image: "1" } }, SKIP);
  const spec = (fields: JsonObject): JsonObject => inputs({ spec: fields }, SKIP);

  it("never touches a field that the program does not declare", async () => {
    const made = provider();
    const { outputs } = await made.create(first);
    api.put(WEB, { spec: { replicas: 4 } }, "autoscaler");
    const next = change(first, outputs, {}, { inputs: spec({ image: "2" }) });
    expect((await made.update(next)).outputs["spec"]).toEqual({ image: "2", replicas: 4 });
  });

  it("removes a field that the program no longer declares", async () => {
    const made = provider();
    const { outputs } = await made.create({ ...first, inputs: spec({ image: "1", paused: true }) });
    await made.update(change(first, outputs, {}, { inputs: spec({ image: "1" }) }));
    expect(api.get(WEB)?.["spec"]).toEqual({ image: "1" });
  });

  it("names field and manager when somebody else owns a declared field", async () => {
    const made = provider();
    const { outputs } = await made.create(first);
    api.put(WEB, { spec: { replicas: 4 } }, "autoscaler");
    const next = change(first, outputs, {}, { inputs: spec({ image: "1", replicas: 1 }) });
    const message = /spec\.replicas is managed by "autoscaler"[\s\S]*patchForce/;
    await expect(made.update(next)).rejects.toThrow(message);
    await expect(made.update({ ...next, preview: true })).rejects.toThrow(message);
    next.inputs = inputs(
      { spec: { image: "1", replicas: 1 } },
      { ...SKIP, "pulumi.com/patchForce": "true" },
    );
    expect(at((await made.update(next)).outputs, ["spec", "replicas"])).toBe(1);
  });

  it.each([{}, { upsertExistingObjects: "true", enablePatchForce: "true" }])(
    "leaves ignored fields as the cluster has them, with %j",
    async (settings) => {
      const made = provider(settings);
      const { outputs } = await made.create({
        ...first,
        inputs: spec({ image: "1", replicas: 1 }),
      });
      api.put(WEB, { spec: { replicas: 4 } }, "autoscaler");
      const next = change(
        first,
        outputs,
        {},
        {
          inputs: spec({ image: "2", replicas: 1 }),
          ignoreChanges: ["spec.replicas"],
        },
      );
      const updated = await made.update(next);
      expect(updated.outputs["spec"]).toEqual({ image: "2", replicas: 4 });
      // Still the autoscaler's: its next change is no conflict, and the update after it no reset.
      api.put(WEB, { spec: { replicas: 6 } }, "autoscaler");
      const after = {
        ...next,
        outputs: updated.outputs,
        inputs: spec({ image: "3", replicas: 1 }),
      };
      expect((await made.update(after)).outputs["spec"]).toEqual({ image: "3", replicas: 6 });
    },
  );

  it("of an object that is gone fails, and makes none", async () => {
    const made = provider();
    const { outputs } = await made.create(first);
    api.erase(WEB);
    await expect(made.update(change(first, outputs, {}))).rejects.toThrow("not found");
    expect(api.get(WEB)).toBeUndefined();
  });
});

describe("preview", () => {
  it("asks the server by dry run and changes nothing", async () => {
    const { id, outputs } = await provider().create(
      write(MAP, { data: { k: "v" } }, { preview: true }),
    );
    expect(id).toBe("");
    expect(outputs).toMatchObject({ data: { k: "v" }, metadata: { uid: UNKNOWN } });
    expect(api.get(PATH)).toBeUndefined();
    expect(api.requests.filter((line) => line.includes("dryRun=All"))).toHaveLength(1);
  });

  it("shows the server's refusal", async () => {
    const made = provider();
    const wrong = write(MAP, {}, { preview: true });
    await made.create(wrong);
    api.failures.push({ status: 422, body: { message: "data is invalid" } });
    await expect(made.create(wrong)).rejects.toThrow("data is invalid");
  });

  it("of an object whose namespace comes with the same update shows the inputs", async () => {
    const later = write(MAP, {}, { preview: true });
    later.inputs = { metadata: { name: "a", namespace: "new" }, data: {} };
    expect((await provider().create(later)).outputs["data"]).toEqual({});
  });

  it("with unknown inputs asks nothing", async () => {
    const unknown = write(MAP, { data: { k: UNKNOWN } }, { preview: true });
    expect((await provider().create(unknown)).outputs["data"]).toEqual({ k: UNKNOWN });
    expect(api.requests).toEqual([]);
  });

  it("goes on without a cluster and shows the inputs", async () => {
    const made = provider({ kubeconfig: "/nowhere/kubeconfig" });
    const both = ["a", "b"].map((name) =>
      made.create({ ...write(MAP, { data: {} }, { preview: true }), urn: urn(MAP, name) }),
    );
    expect((await Promise.all(both)).map(({ outputs }) => outputs["data"])).toEqual([{}, {}]);
    expect(said).toEqual([]);
  });
});

describe("read", () => {
  it("finds drift of declared fields only", async () => {
    const made = provider();
    const declared = inputs({ data: { k: "v" } });
    const { outputs } = await made.create(write(MAP, { data: { k: "v" } }));
    api.put(PATH, { data: { other: "x" } });
    const same = await made.read(urn(MAP), "default/a", declared, outputs);
    expect(same?.inputs).toEqual(declared);
    api.put(PATH, { data: { k: "drift" } });
    const drifted = await made.read(urn(MAP), "default/a", declared, outputs);
    expect(drifted?.inputs["data"]).toEqual({ k: "drift" });
    expect(api.get(PATH)?.["data"]).toEqual({ k: "drift", other: "x" });
  });

  it("returns nothing for an object that is gone, and imports none", async () => {
    expect(await provider().read(urn(MAP), "default/a", inputs({}), {})).toBeUndefined();
    api.put(PATH, { data: { k: "v" } });
    await expect(provider().read(urn(MAP), "default/a", {}, {})).rejects.toThrow(
      "ConfigMap default/a: import and get are not supported",
    );
  });
});

describe("delete", () => {
  const remove = (
    made: KubernetesProvider,
    outputs: JsonObject = {},
    timeoutMs = CONDITION,
  ): Promise<void> =>
    made.delete(urn(MAP), "default/a", { inputs: inputs({}), outputs }, timeoutMs);

  it("of something that is gone already succeeds", async () => {
    await expect(remove(provider())).resolves.toBeUndefined();
  });

  it("takes the object of that name, whoever made it", async () => {
    api.put(PATH, { data: {} });
    await remove(provider(), { metadata: { uid: "uid-of-the-old-one" } });
    expect(api.get(PATH)).toBeUndefined();
  });

  it("waits until the object is gone", async () => {
    api.put(PATH, { data: {} });
    api.held.add(PATH);
    const removed = remove(provider());
    await expect.poll(() => said.join()).toContain("finalizers test/hold");
    api.erase(PATH);
    await removed;
  });

  it("waits on while the server is away", async () => {
    const { port } = api;
    api.put(PATH, { data: {} });
    api.held.add(PATH);
    const removed = remove(provider());
    await expect.poll(() => said.join()).toContain("finalizers test/hold");
    await api.stop();
    await expect.poll(() => said.join()).toContain("does not answer");
    api.erase(PATH);
    await api.start(port);
    await removed;
  });

  it("says what holds an object that stays", async () => {
    api.put(PATH, { data: {} });
    api.held.add(PATH);
    await expect(remove(provider(), {}, 600)).rejects.toThrow(
      /still there 0.6 s after .* test\/hold/,
    );
  });

  it("forgets objects of a cluster that is gone only when told to", async () => {
    const { kubeconfig } = api;
    await api.stop();
    const hint = /unreachable.*PULUMI_K8S_DELETE_UNREACHABLE/;
    await expect(remove(provider({ kubeconfig }))).rejects.toThrow(hint);
    await expect(
      provider({ kubeconfig }).read(urn(MAP), "default/a", inputs({}), {}),
    ).rejects.toThrow(hint);
    const away = "is unreachable: unable to load schema information";
    expect(said.filter((text) => text.includes(away))).toHaveLength(2);
    await expect(
      remove(provider({ kubeconfig, deleteUnreachable: "true" })),
    ).resolves.toBeUndefined();
    api = new TestApiServer();
    await api.start();
  });
});
