import { describe, expect, it } from "vitest";

import type { EnrollmentKey, EnrollmentKeyArgs, KeyLimit } from "../api/index.ts";
import {
  apiError,
  eventually,
  netmaker,
  newNetwork,
  raw,
  refusal,
  refused,
  register,
  registration,
  remove,
  unique,
} from "./suite.ts";

const once: KeyLimit = { kind: "uses", uses: 1 };

async function newKey(args: Partial<EnrollmentKeyArgs> = {}): Promise<EnrollmentKey> {
  const key = await netmaker.enrollmentKeys.create({
    name: unique("key"),
    networks: [],
    limit: once,
    ...args,
  });
  remove(() => netmaker.enrollmentKeys.delete(key.value));
  return key;
}

// controllers/enrollmentkeys.go, logic/enrollmentkey.go, models/enrollment_key.go
describe("an enrolment key", () => {
  it("has a value of 32 characters, and a token that holds it with the server's address", async () => {
    const key = await newKey();
    expect(key.value).toHaveLength(32);
    expect(JSON.parse(Buffer.from(key.token, "base64").toString())).toEqual({
      server: expect.any(String) as string,
      value: key.value,
    });
  });

  const inAnHour = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);
  it.each<KeyLimit>([
    { kind: "uses", uses: 3 },
    { kind: "expires", at: inAnHour },
    { kind: "unlimited" },
  ])("ends as it was created: %j", async (limit) => {
    const key = await newKey({ limit });
    expect(key).toMatchObject({ limit, isDefault: false });
    expect(await netmaker.enrollmentKeys.get(key.value)).toEqual(key);
  });

  // logic/enrollmentkey.go, CreateEnrollmentKey: the one or the other
  it("of limited uses does not expire, whatever was asked for", async () => {
    const body = {
      tags: [unique("both")],
      networks: [],
      uses_remaining: 1,
      expiration: Math.floor(inAnHour.getTime() / 1000),
    };
    const { json } = await raw("POST", "/api/v1/enrollment-keys", body);
    const { value } = json as { value: string };
    remove(() => netmaker.enrollmentKeys.delete(value));
    expect(json).toMatchObject({ type: 2, uses_remaining: 1, expiration: "0001-01-01T00:00:00Z" });
  });

  it("keeps the networks it was given, known or not", async () => {
    const { name } = await newNetwork();
    expect((await newKey({ networks: [name, "c-none"] })).networks).toEqual([name, "c-none"]);
  });

  it("takes other tags for members, and nothing else", async () => {
    const { name } = await newNetwork();
    const key = await newKey({ networks: [name] });
    const groups = [`${name}.visitors`];
    expect(await netmaker.enrollmentKeys.update(key.value, { groups })).toEqual({ ...key, groups });
    const body = { uses_remaining: 9, networks: [], groups: [] };
    expect(await raw("PUT", `/api/v1/enrollment-keys/${key.value}`, body)).toMatchObject({
      status: 200,
    });
    expect(await netmaker.enrollmentKeys.get(key.value)).toEqual(key);
  });

  it("is gone once it is deleted, and may be deleted twice", async () => {
    const { value } = await newKey();
    expect(await raw("DELETE", `/api/v1/enrollment-keys/${value}`)).toMatchObject({
      status: 200,
      text: "",
    });
    expect(await netmaker.enrollmentKeys.get(value)).toBeUndefined();
    await netmaker.enrollmentKeys.delete(value);
    expect(await raw("DELETE", `/api/v1/enrollment-keys/${value}`)).toEqual(
      apiError(400, "no enrollmentkey found"),
    );
  });

  it("of a network is deleted with it alone", async () => {
    const { name } = await newNetwork();
    const own = await netmaker.enrollmentKeys.find(name);
    const error = await refusal(netmaker.enrollmentKeys.delete(own?.value ?? ""));
    expect(error).toEqual(refused(500, "cannot delete default network key"));
    expect(error.message).not.toContain(own?.value);
  });
});

describe("an enrolment key is refused", () => {
  it.each([
    ["with a name of 2", "ab"],
    ["with a name of 33", "k".repeat(33)],
  ])("%s", async (_, name) => {
    expect(await refusal(newKey({ name }))).toEqual(
      refused(400, "name length must be between 3 and 32", "name"),
    );
  });

  it("with the name of another one", async () => {
    const { name } = await newKey();
    expect(await refusal(newKey({ name }))).toEqual(
      refused(400, "key names must be unique", "name"),
    );
  });

  it("with the name of a network", async () => {
    const { name } = await newNetwork();
    expect(await refusal(newKey({ name }))).toEqual(
      refused(400, "key names must be unique", "name"),
    );
  });

  it("without a name", async () => {
    expect(await raw("POST", "/api/v1/enrollment-keys", { unlimited: true })).toEqual(
      apiError(400, "name length must be between 3 and 32"),
    );
  });

  it("that never was valid", async () => {
    expect(await raw("POST", "/api/v1/enrollment-keys", { tags: [unique("no")] })).toEqual(
      apiError(500, "enrollment key is not valid"),
    );
    const past: KeyLimit = { kind: "expires", at: new Date(Date.now() - 60_000) };
    expect(await refusal(newKey({ limit: past }))).toEqual(
      refused(500, "enrollment key is not valid", "limit"),
    );
  });

  it("with a relay that is no id", async () => {
    expect(await refusal(newKey({ relay: "master" }))).toEqual(
      refused(400, "invalid UUID length: 6", "relay"),
    );
  });

  it("as an update of one that does not exist", async () => {
    expect(await refusal(netmaker.enrollmentKeys.update("X".repeat(32), {}))).toEqual(
      refused(500, "no enrollmentkey found"),
    );
  });
});

// controllers/enrollmentkeys.go, handleHostRegister
describe("a host that registers", () => {
  async function host(key: EnrollmentKey, changes: Record<string, unknown> = {}) {
    const body = registration(unique("host"), changes);
    remove(() => netmaker.hosts.delete(body.id, { force: true }));
    return { body, answer: await register(key.token, body) };
  }

  it("becomes a member of the key's networks and uses the key up", async () => {
    const { name } = await newNetwork();
    const key = await newKey({ networks: [name] });
    const { body, answer } = await host(key);
    expect(answer).toMatchObject({
      status: 200,
      json: {
        server_config: { Version: expect.any(String) as string },
        requested_host: { id: body.id, name: body["name"] },
      },
    });
    const node = await netmaker.nodes.waitForHost(name, body.id);
    expect((await netmaker.hosts.get(body.id))?.nodes).toEqual([node.id]);
    expect((await netmaker.enrollmentKeys.get(key.value))?.limit).toEqual({
      kind: "uses",
      uses: 0,
    });
    expect((await host(key)).answer).toEqual(apiError(400, "invalid enrollment key"));
  });

  it("comes too late when the key has expired", async () => {
    // Far enough away for a busy server to make the key before.
    const at = new Date(Math.ceil(Date.now() / 1000 + 10) * 1000);
    const key = await newKey({ limit: { kind: "expires", at } });
    await eventually(async () => {
      expect(Date.now()).toBeGreaterThan(at.getTime());
      await Promise.resolve();
    });
    expect((await host(key)).answer).toEqual(apiError(400, "invalid enrollment key"));
  });

  it("needs a key that exists", async () => {
    const key = await newKey();
    await netmaker.enrollmentKeys.delete(key.value);
    expect((await host(key)).answer).toEqual(apiError(400, "no enrollmentkey found"));
  });

  it("needs a token in base64", async () => {
    expect(await register("no-base64!", registration(unique("host")))).toEqual(
      apiError(400, "illegal base64 data"),
    );
  });

  it("must be new enough", async () => {
    expect((await host(await newKey(), { version: "v0.16.3" })).answer).toEqual(
      apiError(400, "bad client version on register: v0.16.3"),
    );
  });

  it("must have a key for the broker's messages", async () => {
    expect((await host(await newKey(), { traffickeypublic: null })).answer).toEqual(
      apiError(400, "missing traffic key"),
    );
  });

  it("may register again, but not for nothing", async () => {
    const { name } = await newNetwork();
    const key = await newKey({ networks: [name], limit: { kind: "unlimited" } });
    const { body } = await host(key);
    await netmaker.nodes.waitForHost(name, body.id);
    expect(await register(key.token, body)).toMatchObject({ status: 200 });
    expect(await netmaker.nodes.list(name)).toHaveLength(1);
    const nothing = await newKey();
    expect(await register(nothing.token, body)).toEqual(apiError(400, "host already exists"));
  });
});
