/** The answers in testdata/, through the client. */
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { NetmakerClient } from "./index.ts";
import { answering, clientOf, type Answering, type Received } from "./testing/server.ts";

const NODE = "c2a4e7a2-8f0d-4b65-9f6a-7d1b5e3f9a02";
const HOST = "6f1f6f0e-3c5b-4c7e-9b8e-0a4a6d1c2b01";

function testdata(name: string): string {
  return readFileSync(new URL(`testdata/${name}`, import.meta.url), "utf8");
}

/** A file's content as an answer, with the status that it holds itself. */
function answer(name: string): Answering {
  return (response) => {
    const body = testdata(name);
    response.statusCode = Number(/^\{\s*"Code": (\d+)/.exec(body)?.[1] ?? 200);
    response.end(body);
  };
}

/** What a call makes of answers, and what it sent. */
async function outcome<T>(
  call: (client: NetmakerClient) => Promise<T>,
  ...names: readonly string[]
): Promise<{ readonly value: T; readonly sent: Received }> {
  await using server = await answering(names.map(answer), [answer("login.json")]);
  const value = await call(clientOf(server.url));
  const sent = server.received.at(-1);
  expect(sent?.token).toBe("header.claims.signature");
  return { value, sent: sent as Received };
}

describe("the client reads", () => {
  it("networks", async () => {
    const { value } = await outcome(({ networks }) => networks.list(), "networks.json");
    expect(value).toEqual([
      {
        id: "0d9b5a7e-5c41-4f7e-8a55-1f2f6b1c7d03",
        name: "netmaker",
        addressRange: "10.101.0.0/16",
        addressRange6: undefined,
        keepalive: 20,
        mtu: 1280,
        removeAfter: undefined,
        removeTags: [],
      },
      expect.objectContaining({
        name: "six",
        addressRange: undefined,
        addressRange6: "fd00:101::/64",
        removeAfter: 60,
        removeTags: ["*"],
      }),
    ]);
  });

  it("no network as undefined", async () => {
    const { value } = await outcome(({ networks }) => networks.get("none"), "no-network.json");
    expect(value).toBeUndefined();
  });

  it("enrolment keys with how each ends", async () => {
    const { value } = await outcome(
      ({ enrollmentKeys }) => enrollmentKeys.list(),
      "enrollment-keys.json",
    );
    expect(
      value.map(({ name, limit, isDefault, relay }) => [name, limit, isDefault, relay]),
    ).toEqual([
      ["netmaker", { kind: "unlimited" }, true, undefined],
      ["raspberrypi", { kind: "uses", uses: 1 }, false, undefined],
      ["until-summer", { kind: "expires", at: new Date("2027-06-21T10:00:00Z") }, false, NODE],
    ]);
  });

  it("hosts", async () => {
    const { value } = await outcome(({ hosts }) => hosts.get(HOST), "hosts.json");
    expect(value).toEqual({
      id: HOST,
      name: "master",
      version: "v1.5.1",
      os: "linux",
      publicKey: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
      endpointIp: "192.0.2.1",
      endpointIp6: undefined,
      isStatic: false,
      listenPort: 51821,
      isStaticPort: true,
      mtu: 1420,
      keepalive: 20,
      isDefault: false,
      autoUpdate: true,
      managesDns: true,
      nodes: [NODE],
      natType: "public",
    });
  });

  it("nodes, external clients among them", async () => {
    const { value } = await outcome(({ nodes }) => nodes.list("netmaker"), "nodes.json");
    expect(value).toEqual([
      {
        id: NODE,
        hostId: HOST,
        network: "netmaker",
        address: "10.101.0.1/16",
        address6: undefined,
        connected: true,
        pendingDelete: false,
        isGateway: true,
        relayedBy: undefined,
        status: "online",
        lastCheckIn: new Date("2026-04-02T09:15:30Z"),
        externalClient: undefined,
      },
      expect.objectContaining({ address: "10.101.255.254/32", externalClient: "raspberrypi" }),
    ]);
  });

  it("gateways, and nothing else, among the nodes", async () => {
    const { value } = await outcome(({ gateways }) => gateways.list("netmaker"), "nodes.json");
    expect(value).toMatchObject([{ id: NODE, mtu: 1420, keepalive: 20, dns: "", internet: false }]);
  });

  it("an external client with its key", async () => {
    const { value } = await outcome(
      ({ externalClients }) => externalClients.get("netmaker", "raspberrypi"),
      "external-client.json",
    );
    expect(value).toEqual({
      id: "raspberrypi",
      network: "netmaker",
      gateway: NODE,
      endpoint: "192.0.2.1:51821",
      publicKey: Buffer.alloc(32, "q").toString("base64"),
      privateKey: Buffer.alloc(32, "p").toString("base64"),
      address: "10.101.255.254",
      address6: undefined,
      enabled: true,
      dns: "",
      extraAllowedIps: [],
      postUp: "",
      postDown: "",
    });
  });

  it("no private key where the server has or shows none", async () => {
    const listed = await outcome(
      ({ externalClients }) => externalClients.list("netmaker"),
      "external-clients.json",
    );
    expect(listed.value[0]?.privateKey).toBeUndefined();
    const own = await outcome(
      ({ externalClients }) => externalClients.create("netmaker", NODE, { id: "laptop" }),
      "external-client-own-key.json",
    );
    expect(own.value.privateKey).toBeUndefined();
  });

  it("a client's configuration as text", async () => {
    const { value } = await outcome(
      ({ externalClients }) => externalClients.config("netmaker", "raspberrypi"),
      "external-client.conf",
    );
    expect(value).toBe(testdata("external-client.conf"));
  });

  it("egresses", async () => {
    const { value } = await outcome(({ egresses }) => egresses.list("netmaker"), "egresses.json");
    expect(value).toEqual([
      {
        id: "2b3c4d5e-6f70-4182-93a4-b5c6d7e8f905",
        name: "cloud",
        network: "netmaker",
        description: "",
        range: "10.10.1.0/24",
        domain: "",
        nodes: { [NODE]: 256 },
        nat: true,
        enabled: true,
      },
    ]);
  });

  it("ACL rules with every kind of end", async () => {
    const { value } = await outcome(({ aclRules }) => aclRules.list("netmaker"), "acl-rules.json");
    expect(value.map(({ from, to, isDefault }) => ({ from, to, isDefault }))).toEqual([
      { from: [{ kind: "gateways" }], to: [{ kind: "everyone" }], isDefault: true },
      { from: [{ kind: "everyone" }], to: [{ kind: "everyone" }], isDefault: true },
      {
        from: [
          { kind: "device", id: "visitor" },
          { kind: "device", id: NODE },
        ],
        to: [{ kind: "egress", id: "2b3c4d5e-6f70-4182-93a4-b5c6d7e8f905" }],
        isDefault: false,
      },
    ]);
    expect(value[2]).toMatchObject({ protocol: "tcp", ports: ["80", "443"] });
  });

  it("DNS records by the names they were created with", async () => {
    const { value } = await outcome(
      ({ dnsRecords }) => dnsRecords.list("netmaker"),
      "server-settings.json",
      "dns-records.json",
    );
    expect(value).toEqual([
      {
        name: "raspberrypi.netmaker",
        domainName: "raspberrypi.netmaker.nm.internal",
        network: "netmaker",
        address: "10.101.255.254",
        address6: undefined,
      },
    ]);
  });

  it("a record that was just created, as it will be listed", async () => {
    const args = { name: "raspberrypi.netmaker", network: "netmaker", address: "10.101.255.254" };
    const { value } = await outcome(
      ({ dnsRecords }) => dnsRecords.create(args),
      "server-settings.json",
      "dns-record-created.json",
    );
    expect(value).toMatchObject({ ...args, domainName: "raspberrypi.netmaker.nm.internal" });
  });

  it("a server without a record as an empty list", async () => {
    const { value } = await outcome(
      ({ dnsRecords }) => dnsRecords.list("netmaker"),
      "server-settings.json",
      "no-records.json",
    );
    expect(value).toEqual([]);
  });

  it("the server's usage and settings", async () => {
    const usage = await outcome(({ server }) => server.usage(), "server-usage.json");
    expect(usage.value).toEqual({ networks: 1, hosts: 1, clients: 1, egresses: 1, users: 1 });
    const settings = await outcome(({ server }) => server.settings(), "server-settings.json");
    expect(settings.value).toEqual({ domain: "nm.internal", managesDns: true });
  });

  it("the server's status, without a token", async () => {
    await using server = await answering([answer("server-status.json")]);
    expect(await clientOf(server.url).server.status()).toEqual({
      version: "v1.5.1",
      databaseConnected: true,
      brokerConnected: true,
      professional: false,
    });
  });

  it("a login that wants a second factor", async () => {
    await using server = await answering([], [answer("login-second-factor.json")]);
    await expect(clientOf(server.url).networks.list()).rejects.toThrow(/one-time password/);
  });
});

describe("the client sends", () => {
  it("a host as a whole, with what it does not know unchanged", async () => {
    const { sent } = await outcome(
      ({ hosts }) => hosts.update(HOST, { mtu: 1380, managesDns: false }).catch(() => undefined),
      "hosts.json",
    );
    const [before] = JSON.parse(testdata("hosts.json")) as object[];
    expect(sent).toMatchObject({ method: "PUT", url: `/api/hosts/${HOST}` });
    expect(sent.body).toEqual({ ...before, mtu: 1380, dns: "no" });
  });

  it("a node as a whole when its gateway changes", async () => {
    const { sent } = await outcome(
      ({ gateways }) => gateways.update("netmaker", NODE, { keepalive: 25 }).catch(() => undefined),
      "nodes.json",
    );
    const [before] = JSON.parse(testdata("nodes.json")) as object[];
    expect(sent).toMatchObject({ method: "PUT", url: `/api/nodes/netmaker/${NODE}` });
    expect(sent.body).toEqual({ ...before, ingresspersistentkeepalive: 25 });
  });

  it("id and state with every change of an external client", async () => {
    const { sent } = await outcome(
      ({ externalClients }) =>
        externalClients.update("netmaker", "raspberrypi", { dns: "192.0.2.53" }),
      "external-client.json",
    );
    expect(sent.body).toMatchObject({ clientid: "raspberrypi", enabled: true, dns: "192.0.2.53" });
  });

  it.each([
    [{ kind: "uses", uses: 1 } as const, { uses_remaining: 1 }],
    [{ kind: "expires", at: new Date(1_800_000_000_999) } as const, { expiration: 1_800_000_000 }],
    [{ kind: "unlimited" } as const, { unlimited: true }],
  ])("one limit of a key: %j", async (limit, body) => {
    const { sent } = await outcome(
      ({ enrollmentKeys }) =>
        enrollmentKeys.create({ name: "pi", networks: [], limit }).catch(() => undefined),
      "enrollment-keys.json",
    );
    expect(sent.body).toEqual({ tags: ["pi"], networks: [], relay: "", groups: [], ...body });
  });

  it("no key without a use", async () => {
    await using server = await answering([]);
    const limit = { kind: "uses", uses: 0 } as const;
    await expect(
      clientOf(server.url).enrollmentKeys.create({ name: "pi", networks: [], limit }),
    ).rejects.toMatchObject({ kind: "argument", field: "limit" });
    expect(server.received).toEqual([]);
  });

  it("no change of an egress without its id, which the server would take for any", async () => {
    await using server = await answering([]);
    const args = { name: "cloud", network: "netmaker", range: "10.10.1.0/24", node: NODE };
    await expect(clientOf(server.url).egresses.update("", args)).rejects.toMatchObject({
      kind: "argument",
      field: "id",
    });
    expect(server.received).toEqual([]);
  });

  it("rules for both directions alone", async () => {
    const { sent } = await outcome(
      ({ aclRules }) =>
        aclRules
          .create({
            name: "website",
            network: "netmaker",
            from: [{ kind: "gateways" }, { kind: "device", id: "visitor" }],
            to: [{ kind: "everyone" }],
            protocol: "tcp",
            ports: ["80"],
          })
          .catch(() => undefined),
      "acl-rules.json",
    );
    expect(sent.body).toEqual({
      name: "website",
      network_id: "netmaker",
      policy_type: "device-policy",
      src_type: [
        { id: "tag", value: "netmaker.gateways" },
        { id: "device", value: "visitor" },
      ],
      dst_type: [{ id: "tag", value: "*" }],
      protocol: "tcp",
      type: "Custom",
      ports: ["80"],
      allowed_traffic_direction: 1,
      enabled: true,
      meta_data: "",
    });
  });
});
