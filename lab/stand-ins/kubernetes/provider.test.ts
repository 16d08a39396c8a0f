import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { InitFailedError } from "./errors.ts";
import { KubernetesProvider, type Update, type Write } from "./provider.ts";
import { parseSettings } from "./settings.ts";
import { FakeApi } from "./testing/fake-api.ts";
import { at, stringAt, UNKNOWN, type JsonObject } from "./values.ts";

const MAP = "kubernetes:core/v1:ConfigMap";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const PATH = "/api/v1/namespaces/default/configmaps/a";
const WEB = "/apis/apps/v1/namespaces/default/deployments/a";

let api: FakeApi;
let said: string[];
beforeEach(async () => {
  api = new FakeApi();
  said = [];
  await api.start();
});
afterEach(() => api.stop());

const urn = (type: string, name = "a"): string => `urn:pulumi:test::fogline::${type}::${name}`;
const log = {
  status: (text: string) => said.push(text),
  info: () => 0,
  warning: (text: string) => said.push(text),
};

function provider(settings: JsonObject = {}): KubernetesProvider {
  const made = new KubernetesProvider(() => log, 2_000);
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
  timeoutMs: 5_000,
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

  it("refuses an object that is not its own, unless told to adopt it", async () => {
    api.put(PATH, { data: { k: "other" } });
    await expect(provider().create(write(MAP, {}))).rejects.toThrow("exists already");
    const adopted = await provider({ upsertExistingObjects: "true" }).create(
      write(MAP, { data: { x: "1" } }),
    );
    expect(adopted.outputs["data"]).toEqual({ k: "other", x: "1" });
  });

  it("goes on with its own object after an update that was killed", async () => {
    await provider().create(write(MAP, { data: { k: "v" } }));
    await expect(provider().create(write(MAP, { data: { k: "w" } }))).resolves.toMatchObject({
      id: "default/a",
    });
    await expect(provider().create({ ...write(MAP, {}), urn: urn(MAP, "b") })).rejects.toThrow(
      "exists already",
    );
  });

  it("waits for a namesake that is being deleted", async () => {
    api.put(PATH, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
    const created = provider().create(write(MAP, { data: { k: "new" } }));
    await expect.poll(() => said.join()).toContain("still being deleted");
    api.erase(PATH);
    expect((await created).outputs["data"]).toEqual({ k: "new" });
  });

  it("waits for the default account of a new namespace", async () => {
    const message =
      'error looking up service account default/default: serviceaccount "default" not found';
    const pod = write("kubernetes:core/v1:Pod", { spec: {} });
    pod.inputs = inputs({ spec: {} }, SKIP);
    const made = provider();
    await made.create({ ...pod, preview: true });
    api.failures.push(
      { status: 404, body: {} },
      { status: 403, body: { reason: "Forbidden", message } },
    );
    await expect(made.create(pod)).resolves.toMatchObject({ id: "default/a" });
  });

  it("tries again when the server is busy", async () => {
    api.failures.push({ status: 503, body: {} }, { status: 429, body: {} });
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

  it("leaves ignored fields as the cluster has them", async () => {
    const made = provider();
    const { outputs } = await made.create({ ...first, inputs: spec({ image: "1", replicas: 1 }) });
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
    expect((await made.update(next)).outputs["spec"]).toEqual({ image: "2", replicas: 4 });
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
    api.failures.push(
      { status: 404, body: {} },
      { status: 422, body: { message: "data is invalid" } },
    );
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

  it("goes on without a cluster, and says so once", async () => {
    const made = provider({ kubeconfig: "/nowhere/kubeconfig" });
    const both = ["a", "b"].map((name) =>
      made.create({ ...write(MAP, { data: {} }, { preview: true }), urn: urn(MAP, name) }),
    );
    expect((await Promise.all(both)).map(({ outputs }) => outputs["data"])).toEqual([{}, {}]);
    expect(said.filter((text) => text.includes("unreachable"))).toHaveLength(1);
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

  it("returns nothing for an object that is gone, and all of one that is imported", async () => {
    expect(await provider().read(urn(MAP), "default/a", {}, {})).toBeUndefined();
    api.put(PATH, { data: { k: "v" } });
    const imported = await provider().read(urn(MAP), "default/a", {}, {});
    expect(imported?.inputs).toEqual({
      metadata: { name: "a", namespace: "default" },
      data: { k: "v" },
    });
  });
});

describe("delete", () => {
  const remove = (
    made: KubernetesProvider,
    outputs: JsonObject = {},
    timeoutMs = 5_000,
  ): Promise<void> =>
    made.delete(urn(MAP), "default/a", { inputs: inputs({}), outputs }, timeoutMs);

  it("of something that is gone already succeeds", async () => {
    await expect(remove(provider())).resolves.toBeUndefined();
  });

  it("leaves an object of the same name that is another one", async () => {
    api.put(PATH, { data: {} });
    await remove(provider(), { metadata: { uid: "uid-of-the-old-one" } });
    expect(api.get(PATH)).toBeDefined();
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
    const removed = remove(provider(), {}, 20_000);
    await expect.poll(() => said.join()).toContain("finalizers test/hold");
    await api.stop();
    await expect.poll(() => said.join(), { timeout: 10_000 }).toContain("is unreachable");
    api.erase(PATH);
    await api.start(port);
    await removed;
  }, 30_000);

  it("says what holds an object that stays", async () => {
    api.put(PATH, { data: {} });
    api.held.add(PATH);
    await expect(remove(provider(), {}, 600)).rejects.toThrow(
      /still there 0.6 s after .* test\/hold/,
    );
  });

  it("forgets objects of a cluster that is gone only when told to", async () => {
    const { kubeconfig } = api;
    api.failures.push({ status: 403, body: { message: "no" } });
    await expect(remove(provider())).rejects.toThrow("403 no");
    await api.stop();
    await expect(
      remove(provider({ kubeconfig, deleteUnreachable: "true" })),
    ).resolves.toBeUndefined();
    expect(said.join()).toContain("is forgotten");
    api = new FakeApi();
    await api.start();
  });
});
