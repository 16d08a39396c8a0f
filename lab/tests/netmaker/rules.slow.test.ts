/**
 * Rules that name an external client, over changes of the client that are cut off at any call: the server takes
 * the client out of them. The provider's own kinds, on a real server; a program that is killed is one whose
 * calls end.
 */
import { NetmakerClient, type AclRule } from "@fogline/pulumi-netmaker/api";
import { aclRule } from "@fogline/pulumi-netmaker/provider/kinds/acl-rule";
import { externalClient } from "@fogline/pulumi-netmaker/provider/kinds/external-client";
import { gateway } from "@fogline/pulumi-netmaker/provider/kinds/gateway";
import { network } from "@fogline/pulumi-netmaker/provider/kinds/network";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestNetmaker } from "../../stand-ins/netmaker/testing/server.ts";
import { FaultyProxy } from "../../testing/netmaker/faulty-proxy.ts";

const NETWORK = "mesh";
const LAPTOP = `${NETWORK}/laptop`;

let server: TestNetmaker;
let proxy: FaultyProxy;
let node: string;

beforeAll(async () => {
  server = await TestNetmaker.startWithUser();
  proxy = await FaultyProxy.before(server.url);
  const { client } = server;
  await client.networks.create({ name: NETWORK, addressRange: "10.77.0.0/16" });
  await server.enrol("master", (await client.enrollmentKeys.find(NETWORK))?.token ?? "");
  const host = await client.hosts.waitFor("master");
  node = (await client.nodes.waitForHost(NETWORK, host.id)).id;
  await client.gateways.create(NETWORK, node);
  for (const id of ["laptop", "phone"]) {
    await client.externalClients.create(NETWORK, node, { id });
  }
  const [laptop, phone] = [
    { kind: "device", id: "laptop" },
    { kind: "device", id: "phone" },
  ] as const;
  const rule = { network: NETWORK, to: [{ kind: "gateways" }] } as const;
  await client.aclRules.create({
    ...rule,
    name: "alone",
    from: [laptop],
    protocol: "tcp",
    ports: ["80"],
  });
  await client.aclRules.create({ ...rule, name: "both", from: [laptop, phone] });
  await client.aclRules.create({ ...rule, name: "there", from: [phone], to: [laptop] });
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function inputs(dns: string) {
  return externalClient.inputs.parse({ clientId: "laptop", network: NETWORK, gateway: node, dns });
}

/** All rules but the network's own, as a program declares them. */
async function rules(): Promise<unknown[]> {
  const ends = (of: AclRule["from"]): string[] =>
    of.map((end) => ("id" in end ? end.id : end.kind)).sort();
  return (await server.client.aclRules.list(NETWORK))
    .filter(({ isDefault }) => !isDefault)
    .map(({ name, from, to, protocol, ports, enabled }) => [
      ...[name, ends(from), ends(to), protocol, ports, enabled],
    ]);
}

const DECLARED = [
  ["alone", ["laptop"], ["gateways"], "tcp", ["80"], true],
  ["both", ["laptop", "phone"], ["gateways"], "all", [], true],
  ["there", ["phone"], ["laptop"], "all", [], true],
];

/** A change whose program is killed when the server has carried out so many of its changes. */
async function cutOff(after: number, dns: string): Promise<boolean> {
  let changes = 0;
  proxy.faultFor = (method, path) => {
    if (method === "GET" || path.includes("/users/")) {
      return changes < after ? "pass" : { status: 503, body: "" };
    }
    changes += 1;
    return changes < after ? "pass" : changes === after ? "reset" : { status: 503, body: "" };
  };
  const killed = new NetmakerClient({
    url: proxy.url,
    credentials: server.user,
    retry: { attempts: 1 },
  });
  return (
    externalClient.update?.(killed, LAPTOP, inputs(dns)).then(
      () => true,
      () => false,
    ) ?? false
  );
}

describe("a change of an external client", () => {
  it("leaves it in its rules", async () => {
    expect(await rules()).toEqual(DECLARED);
    await externalClient.update?.(server.client, LAPTOP, inputs("192.0.2.1"));
    expect(await rules()).toEqual(DECLARED);
  });

  it.each([
    ["change", (dns: string) => externalClient.update?.(server.client, LAPTOP, inputs(dns))],
    ["refresh", (dns: string) => externalClient.read(server.client, LAPTOP, inputs(dns))],
  ])("that is cut off at any call loses no rule: the next %s puts them back", async (_, next) => {
    const lost = new Set<string>();
    let cuts = 0;
    for (let whole = false; !whole;) {
      cuts += 1;
      whole = await cutOff(cuts, `192.0.2.${cuts}`);
      lost.add(JSON.stringify(await rules()));
      await next(`192.0.2.${cuts}`);
      expect(await rules(), `cut off after ${cuts} calls`).toEqual(DECLARED);
    }
    // The note, the client, three rules, the end of the note.
    expect(cuts).toBeGreaterThan(5);
    expect(lost.size).toBeGreaterThan(2);
  });

  it("of two clients at once loses no rule that names both", async () => {
    const phone = { ...inputs("192.0.2.99"), clientId: "phone" };
    await Promise.all([
      externalClient.update?.(server.client, LAPTOP, inputs("192.0.2.98")),
      externalClient.update?.(server.client, `${NETWORK}/phone`, phone),
    ]);
    expect(await rules()).toEqual(DECLARED);
  });

  it("that is cut off overrides nobody who has changed a rule meanwhile", async () => {
    const { client } = server;
    // The note and the client.
    await cutOff(2, "192.0.2.50");
    await client.aclRules.waitUntilForgotten(NETWORK, ["laptop"]);
    const both = await client.aclRules.find(NETWORK, "both");
    const changed = aclRule.inputs.parse({
      ...{ name: "both", network: NETWORK },
      ...{ from: [{ kind: "gateways" }], to: [{ kind: "gateways" }] },
    });
    await aclRule.update?.(client, `${NETWORK}/${both?.id ?? ""}`, changed);
    await externalClient.read(client, LAPTOP, inputs("192.0.2.50"));
    expect(await rules()).toEqual([
      DECLARED[0],
      ["both", ["gateways"], ["gateways"], "all", [], true],
      DECLARED[2],
    ]);
  });

  it("that is refused changes no rule", async () => {
    const before = await rules();
    const refused = externalClient.update?.(server.client, LAPTOP, inputs("no address"));
    await expect(refused).rejects.toThrow("client dns must be a valid ip address");
    expect(await rules()).toEqual(before);
  });

  it("that is gone says so", async () => {
    const given = { ...inputs("192.0.2.3"), clientId: "nobody" };
    await expect(
      externalClient.update?.(server.client, `${NETWORK}/nobody`, given),
    ).rejects.toThrow("the client nobody is gone: pulumi refresh, then up makes it anew");
  });

  it("is refused to the master key, which could not put the rules back", async () => {
    const before = await rules();
    const { url, masterKey } = server;
    const master = new NetmakerClient({ url, credentials: { masterKey } });
    await expect(externalClient.update?.(master, LAPTOP, inputs("192.0.2.2"))).rejects.toThrow(
      /client laptop is named by rules \(alone, there\).*give the provider username and password/,
    );
    expect(await rules()).toEqual(before);
  });
});

describe("what the server fills in", () => {
  it("is no difference: name servers of a client, the text of a gateway", async () => {
    const given = inputs("");
    await externalClient.update?.(server.client, LAPTOP, given);
    const { dns } = (await server.client.externalClients.get(NETWORK, "laptop")) ?? {};
    expect(dns).toBe("10.77.0.1");
    expect((await externalClient.read(server.client, LAPTOP, given))?.inputs).toEqual(given);
    const imported = await externalClient.read(server.client, LAPTOP, undefined);
    expect(imported?.inputs).toMatchObject({ dns: "" });

    const silent = gateway.inputs.parse({ network: NETWORK, node, description: "" });
    const stands = await gateway.read(server.client, `${NETWORK}/${node}`, silent);
    expect(stands?.inputs).toEqual(silent);
  });

  it("is one where it was given: name servers of a client, also the gateway", async () => {
    for (const dns of ["192.0.2.53", "10.77.0.1"]) {
      const given = inputs(dns);
      await externalClient.update?.(server.client, LAPTOP, given);
      expect((await externalClient.read(server.client, LAPTOP, given))?.inputs).toEqual(given);
    }
    await server.client.externalClients.update(NETWORK, "laptop", { dns: "192.0.2.54" });
    const found = await externalClient.read(server.client, LAPTOP, inputs(""));
    expect(found?.inputs).toMatchObject({ dns: "192.0.2.54" });
  });
});

describe("a network", () => {
  it("begins empty, whatever the server kept of one of its name", async () => {
    const { client } = server;
    const given = network.inputs.parse({ name: "again", addressRange: "10.78.0.0/24" });
    await client.networks.create(given);
    // The stand-in wants a member of the network.
    const host = await client.hosts.waitFor("master");
    await client.hosts.join(host.id, "again");
    const { id: own } = await client.nodes.waitForHost("again", host.id);
    await client.egresses.create({
      name: "old",
      network: "again",
      range: "192.0.2.0/24",
      node: own,
    });
    await client.dnsRecords.create({ name: "old", network: "again", address: "192.0.2.1" });
    await fetch(`${server.url}/api/networks/again`, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${server.masterKey}` },
    });
    await expect.poll(() => network.find(client, given)).toBeUndefined();
    expect(await client.egresses.list("again")).toHaveLength(1);
    await network.create(client, given);
    expect(await client.egresses.list("again")).toEqual([]);
    expect(await client.dnsRecords.list("again")).toEqual([]);
  });
});

describe("a client that is deleted", () => {
  it("leaves no note of a change that was cut off", async () => {
    await cutOff(2, "192.0.2.60");
    const names = async (): Promise<string[]> =>
      (await server.client.aclRules.list(NETWORK)).map(({ name }) => name);
    expect(await names()).toContain("change of laptop not finished");
    await externalClient.delete(server.client, LAPTOP);
    expect(await names()).not.toContain("change of laptop not finished");
  });
});
