import { randomBytes } from "node:crypto";

import { beforeAll, describe, expect, it } from "vitest";

import type { ExternalClientArgs } from "../api/index.ts";
import { clientIdRefusals } from "../rules/index.ts";
import {
  addressIn,
  apiError,
  netmaker,
  newMember,
  newMesh,
  newNetwork,
  NOBODY,
  raw,
  refusal,
  refused,
  unique,
} from "./suite.ts";

let mesh: Awaited<ReturnType<typeof newMesh>>;

beforeAll(async () => {
  mesh = await newMesh();
});

function create(args: Partial<ExternalClientArgs> = {}) {
  return netmaker.externalClients.create(mesh.network, mesh.gateway.id, {
    id: unique("pi"),
    ...args,
  });
}

/** A WireGuard key, public or private: 32 bytes in base64. */
function wireguardKey(): string {
  return randomBytes(32).toString("base64");
}

// controllers/ext_client.go, logic/extpeers.go
describe("an external client", () => {
  it("gets an address from the end of the range and a pair of keys", async () => {
    const { network, range, gateway, host } = await newMesh();
    const args = { id: unique("first") };
    const first = await netmaker.externalClients.create(network, gateway.id, args);
    const second = await netmaker.externalClients.create(network, gateway.id, {
      id: unique("second"),
    });
    expect([first.address, second.address]).toEqual([addressIn(range, 254), addressIn(range, 253)]);
    expect(first).toMatchObject({
      id: args.id,
      network,
      gateway: gateway.id,
      endpoint: `${host.endpointIp ?? ""}:${host.listenPort ?? 0}`,
      enabled: true,
      extraAllowedIps: [],
    });
    expect(first.publicKey).not.toBe(second.publicKey);
    expect(Buffer.from(first.privateKey ?? "", "base64")).toHaveLength(32);
  });

  it("is shown with its private key alone, and without it in lists", async () => {
    const created = await create();
    expect(await netmaker.externalClients.get(mesh.network, created.id)).toMatchObject({
      privateKey: created.privateKey,
    });
    const listed = await netmaker.externalClients.list(mesh.network);
    expect(listed.map(({ id }) => id)).toContain(created.id);
    expect(listed.filter(({ privateKey }) => privateKey !== undefined)).toEqual([]);
    const all = await raw("GET", "/api/extclients");
    expect(all.text).toContain(created.id);
    expect(all.text).not.toContain(created.privateKey);
  });

  it("stands among the network's members", async () => {
    const created = await create();
    const nodes = await netmaker.nodes.list(mesh.network);
    expect(nodes.map(({ externalClient }) => externalClient)).toContain(created.id);
  });

  it("may bring its own key, which stays its secret", async () => {
    const publicKey = wireguardKey();
    const created = await create({ publicKey });
    expect(created).toMatchObject({ publicKey, privateKey: undefined });
    expect(await netmaker.externalClients.config(mesh.network, created.id)).toContain(
      "PrivateKey = [ENTER PRIVATE KEY]",
    );
  });

  it("has a configuration for wg-quick", async () => {
    const { network, range, gateway, host } = await newMesh();
    const { id } = await netmaker.externalClients.create(network, gateway.id, {
      id: unique("laptop"),
      dns: "192.0.2.53",
      postUp: "echo up",
    });
    const path = `/api/extclients/${network}/${id}/file`;
    expect((await raw("GET", path)).type).toBe("application/config");
    const lines = (await netmaker.externalClients.config(network, id)).split("\n");
    const client = await netmaker.externalClients.get(network, id);
    expect(lines).toEqual(
      expect.arrayContaining([
        "[Interface]",
        `Address = ${addressIn(range, 254)}/32`,
        `PrivateKey = ${client?.privateKey ?? ""}`,
        "MTU = 1420",
        "DNS = 192.0.2.53",
        "PostUp = echo up",
        "[Peer]",
        `PublicKey = ${host.publicKey}`,
        `AllowedIPs = ${range}`,
        `Endpoint = ${host.endpointIp ?? ""}:${host.listenPort ?? 0}`,
        "PersistentKeepalive = 20",
      ]),
    );
  });

  // logic/dns.go, GetGwDNS: on by default, off by MANAGE_DNS in the server's environment
  it("without name servers has the gateway itself where the server manages names, and none elsewhere", async () => {
    const { network, gateway, host } = await newMesh();
    const { managesDns } = await netmaker.server.settings();
    const own = managesDns && host.managesDns ? (gateway.address?.split("/")[0] ?? "") : "";
    const { id, dns } = await netmaker.externalClients.create(network, gateway.id, {
      id: unique("laptop"),
    });
    expect(dns).toBe(own);
    expect(await netmaker.externalClients.get(network, id)).toMatchObject({ dns: own });
    const file = await netmaker.externalClients.config(network, id);
    expect(/^DNS = (.*)$/m.exec(file)?.[1] ?? "").toBe(own);
    // A change without any takes the old ones away, and shows it; asked again, it has the gateway again.
    expect(await netmaker.externalClients.update(network, id, {})).toMatchObject({ dns: "" });
    expect(await netmaker.externalClients.get(network, id)).toMatchObject({ dns: own });
  });

  it("does not have the name servers that its gateway is told", async () => {
    const { name } = await newNetwork();
    const { node } = await newMember(name);
    await netmaker.gateways.create(name, node.id, { dns: "192.0.2.53" });
    const { id } = await netmaker.externalClients.create(name, node.id, { id: unique("laptop") });
    expect(await netmaker.externalClients.config(name, id)).not.toContain("192.0.2.53");
  });

  it("has one address and one line for each setting that wg-quick knows", async () => {
    const { id } = await create();
    const file = await netmaker.externalClients.config(mesh.network, id);
    const keys = file.split("\n").flatMap((line) => /^(\w+) =/.exec(line)?.[1] ?? []);
    const known = ["Address", "PrivateKey", "MTU", "DNS", "PublicKey", "AllowedIPs", "Endpoint"];
    expect(keys.filter((key) => ![...known, "PersistentKeepalive"].includes(key))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("reaches egress ranges and what is behind other clients through its gateway", async () => {
    const { network, range, gateway } = await newMesh();
    const { node } = await newMember(network);
    await netmaker.egresses.create({
      name: unique("cloud"),
      network,
      range: "198.51.100.0/24",
      node: node.id,
    });
    await netmaker.externalClients.create(network, gateway.id, {
      id: unique("site"),
      extraAllowedIps: ["203.0.113.0/24"],
    });
    const { id } = await netmaker.externalClients.create(network, gateway.id, {
      id: unique("laptop"),
    });
    expect(await netmaker.externalClients.config(network, id)).toContain(
      `AllowedIPs = ${range},198.51.100.0/24,203.0.113.0/24\n`,
    );
  });

  it("has no configuration with an endpoint that is not its gateway's", async () => {
    const { id } = await create();
    const path = `/api/extclients/${mesh.network}/${id}/file?preferredip=192.0.2.200`;
    expect(await raw("GET", path)).toEqual(
      apiError(400, "preferred endpoint ip is not associated with the RAG"),
    );
  });

  it("is shut off and let in again, with the same key and address", async () => {
    const created = await create();
    const off = await netmaker.externalClients.update(mesh.network, created.id, { enabled: false });
    expect(off).toMatchObject({
      enabled: false,
      address: created.address,
      publicKey: created.publicKey,
      privateKey: created.privateKey,
    });
    const on = await netmaker.externalClients.update(mesh.network, created.id, {});
    expect(on).toMatchObject({ enabled: true, address: created.address });
  });

  it("takes another key of its own, and keeps its address", async () => {
    const created = await create({ publicKey: wireguardKey() });
    const publicKey = wireguardKey();
    const changed = await netmaker.externalClients.update(mesh.network, created.id, { publicKey });
    expect(changed).toMatchObject({ publicKey, privateKey: undefined, address: created.address });
    const kept = await netmaker.externalClients.update(mesh.network, created.id, {
      dns: "192.0.2.1",
    });
    expect(kept).toMatchObject({ publicKey, dns: "192.0.2.1" });
  });

  it("takes other name servers, ranges and commands", async () => {
    const { id } = await create();
    const changes = {
      dns: "192.0.2.1",
      extraAllowedIps: ["203.0.113.0/25"],
      postDown: "echo down",
    };
    expect(await netmaker.externalClients.update(mesh.network, id, changes)).toMatchObject(changes);
    expect(await netmaker.externalClients.get(mesh.network, id)).toMatchObject(changes);
  });

  it("is gone once it is deleted, and may be deleted twice", async () => {
    const { id } = await create();
    await netmaker.externalClients.delete(mesh.network, id);
    expect(await netmaker.externalClients.get(mesh.network, id)).toBeUndefined();
    expect(await raw("DELETE", `/api/extclients/${mesh.network}/${id}`)).toMatchObject({
      status: 200,
      json: { Code: 200, Message: `${id} deleted.` },
    });
  });

  it("that does not exist is no 404", async () => {
    const none = { id: "c-none-at-all" };
    expect(await raw("GET", `/api/extclients/${mesh.network}/${none.id}`)).toEqual(
      apiError(500, "no result found"),
    );
    expect(await refusal(netmaker.externalClients.config(mesh.network, none.id))).toEqual(
      refused(500, "no result found"),
    );
    expect(await refusal(netmaker.externalClients.update(mesh.network, none.id, {}))).toEqual(
      refused(500, "client not found"),
    );
  });

  it("are none in a network that does not exist", async () => {
    expect(await netmaker.externalClients.list("c-none")).toEqual([]);
  });
});

// controllers/ext_client.go, validateCustomExtClient; controllers/regex.go
describe("an external client is refused", () => {
  it.each([
    ["with an id of 4", "pi-1"],
    ["with an id of 33", "p".repeat(33)],
    ["with an underscore in its id", "raspberry_pi"],
  ])("%s", async (_, id) => {
    expect(await refusal(create({ id }))).toEqual(
      refused(400, "node name must be alphanumderic", "id"),
    );
    expect(clientIdRefusals(id)).not.toEqual([]);
  });

  it("with the id of another one, in whichever network", async () => {
    const { id } = await create();
    expect(await refusal(create({ id }))).toEqual(refused(400, "duplicate client name", "id"));
    const other = await newMesh();
    expect(
      await refusal(netmaker.externalClients.create(other.network, other.gateway.id, { id })),
    ).toEqual(refused(400, "duplicate client name", "id"));
  });

  it.each<[string, Partial<ExternalClientArgs>, string, string]>([
    ["with half a key", { publicKey: "AAAA" }, "incorrect client public key", "publicKey"],
    [
      "with an address for a range",
      { extraAllowedIps: ["203.0.113.9"] },
      "client extra ip must be a valid cidr",
      "extraAllowedIps",
    ],
    [
      "with a name for a name server",
      { dns: "dns.example" },
      "client dns must be a valid ip address",
      "dns",
    ],
    [
      "with a command of 1025",
      { postUp: "x".repeat(1025) },
      "'PostUp' failed on the 'max' tag",
      "postUp",
    ],
  ])("%s", async (_, args, reason, field) => {
    expect(await refusal(create(args))).toEqual(refused(400, reason, field));
  });

  // logic/nodes.go, ValidateEgressRange
  it("with a range inside the network's own", async () => {
    const inside = { extraAllowedIps: [mesh.range.replace("0/24", "128/25")] };
    expect(await refusal(create(inside))).toEqual(
      refused(400, "egress range should not be the same as or contained", "extraAllowedIps"),
    );
  });

  it("at a node that is no gateway or none at all", async () => {
    const { node } = await newMember(mesh.network);
    for (const gateway of [node.id, NOBODY]) {
      expect(
        await refusal(netmaker.externalClients.create(mesh.network, gateway, { id: unique("no") })),
      ).toEqual(refused(400, "ingress does not exist", "gateway"));
    }
  });

  it("as something else than JSON", async () => {
    const path = `/api/extclients/${mesh.network}/${mesh.gateway.id}`;
    expect(await raw("POST", path, "{")).toEqual(apiError(400, "unexpected EOF"));
  });
});
