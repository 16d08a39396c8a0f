import { describe, expect, it } from "vitest";

import type { NetworkArgs } from "../api/index.ts";
import { networkRefusals } from "../rules/index.ts";
import {
  addressIn,
  apiError,
  eventually,
  freeRange,
  netmaker,
  newMember,
  newNetwork,
  NOBODY,
  raw,
  refusal,
  refused,
  remove,
  unique,
} from "./suite.ts";

// controllers/network.go, logic/networks.go, schema/networks.go
describe("a network", () => {
  it("is created with the defaults and its range by its first address", async () => {
    const range = await freeRange();
    const name = unique("new");
    remove(() => netmaker.networks.delete(name));
    const created = await netmaker.networks.create({
      name,
      addressRange: range.replace("0/24", "77/24"),
    });
    expect(created).toMatchObject({ name, addressRange: range, keepalive: 20, mtu: 1280 });
    expect(created.addressRange6).toBeUndefined();
    expect(created.removeAfter).toBeUndefined();
    expect(await netmaker.networks.get(name)).toEqual(created);
  });

  it("has the keepalive, MTU and removal it was created with", async () => {
    const args = {
      name: unique("set"),
      addressRange: await freeRange(),
      keepalive: 25,
      mtu: 1380,
      removeAfter: 90,
      removeTags: ["*"],
    };
    remove(() => netmaker.networks.delete(args.name));
    expect(await netmaker.networks.create(args)).toMatchObject(args);
    expect(await netmaker.networks.get(args.name)).toMatchObject(args);
  });

  it("can have an IPv6 range beside or instead of the IPv4 one", async () => {
    const id = `1${unique("").slice(2, 5)}`;
    const both = {
      name: unique("both"),
      addressRange: await freeRange(),
      addressRange6: `fd00:${id}:1::/64`,
    };
    const one = { name: unique("six"), addressRange6: `fd00:${id}:2::/64` };
    for (const args of [both, one]) {
      remove(() => netmaker.networks.delete(args.name));
      expect(await netmaker.networks.create(args)).toMatchObject(args);
    }
  });

  it("comes with a key of its name and the rules that let everybody reach everybody", async () => {
    const { name } = await newNetwork();
    expect(await netmaker.enrollmentKeys.find(name)).toMatchObject({
      name,
      networks: [name],
      limit: { kind: "unlimited" },
      isDefault: true,
    });
    const rules = await netmaker.aclRules.list(name);
    expect(rules.map(({ id, isDefault, enabled }) => [id, isDefault, enabled])).toEqual([
      [`${name}.all-gateways`, true, true],
      [`${name}.all-nodes`, true, true],
    ]);
  });

  it("stands in the list, which is sorted by name", async () => {
    const names = [(await newNetwork("b")).name, (await newNetwork("a")).name];
    const listed = (await netmaker.networks.list()).map(({ name }) => name);
    expect(listed).toEqual(expect.arrayContaining(names));
    expect(listed).toEqual([...listed].sort());
  });

  it("that does not exist is a 404", async () => {
    expect(await netmaker.networks.get("c-none")).toBeUndefined();
    expect(await raw("GET", "/api/networks/c-none")).toEqual(apiError(404, "record not found"));
  });
});

describe("a network is refused", () => {
  const good = (): NetworkArgs => ({ name: unique("x"), addressRange: "10.255.255.0/24" });
  const cases: readonly [string, Partial<NetworkArgs>, string, string][] = [
    ["without a name", { name: "" }, "network name cannot be empty", "name"],
    ["with a name of 33", { name: "n".repeat(33) }, "shouldn't exceed 32 characters", "name"],
    ["with capitals", { name: "Netmaker" }, "invalid character(s) in network name", "name"],
    ["with a dot in its name", { name: "net.maker" }, "invalid character(s)", "name"],
    ["without a range", { addressRange: undefined }, "IPv4 or IPv6 CIDR required", "addressRange"],
    [
      "with half a range",
      { addressRange: "10.1.0.0" },
      "invalid CIDR address: 10.1.0.0",
      "addressRange",
    ],
    [
      "with a range too long",
      { addressRange: "10.1.0.0/33" },
      "invalid CIDR address",
      "addressRange",
    ],
    [
      "for two addresses",
      { addressRange: "10.1.0.0/31" },
      "cannot create network with /31 or /32",
      "addressRange",
    ],
    [
      "for one IPv6 address",
      { addressRange: undefined, addressRange6: "fd00::/128" },
      "/127 or /128",
      "addressRange6",
    ],
    [
      "with a keepalive of 1001 s",
      { keepalive: 1001 },
      "default keep alive must be less than 1000",
      "keepalive",
    ],
  ];

  it.each(cases)("%s", async (_, change, reason, field) => {
    const args = { ...good(), addressRange: await freeRange(), ...change };
    expect(await refusal(netmaker.networks.create(args))).toEqual(refused(400, reason, field));
    // What is found before anything is sent agrees with the server.
    expect(networkRefusals(args).map((found) => found.field)).toContain(field);
  });

  it("with the name of another one", async () => {
    const { name } = await newNetwork();
    const again = { name, addressRange: await freeRange() };
    expect(await refusal(netmaker.networks.create(again))).toEqual(
      refused(400, "invalid network name", "name"),
    );
  });

  it.each([
    ["the same range", (range: string) => range],
    ["a part of the range", (range: string) => range.replace("0/24", "128/25")],
    ["a range around the one", (range: string) => range.replace(/\.\d+\.0\/24$/, ".0.0/16")],
  ])("with %s of another one", async (_, other) => {
    const { range } = await newNetwork();
    const args = { name: unique("over"), addressRange: other(range) };
    expect(await refusal(netmaker.networks.create(args))).toEqual(
      refused(400, "network cidr already in use", "addressRange"),
    );
    expect(networkRefusals(args, await netmaker.networks.list())).not.toEqual([]);
  });

  it("as something else than JSON", async () => {
    expect(await raw("POST", "/api/networks", "{")).toEqual(apiError(400, "unexpected EOF"));
  });

  it("with a field of the wrong type, which the error names", async () => {
    const body = { netid: unique("type"), addressrange: await freeRange(), defaultmtu: "1280" };
    expect(await raw("POST", "/api/networks", body)).toEqual(
      apiError(400, "json: cannot unmarshal string into Go struct field"),
    );
  });
});

describe("a network that exists", () => {
  it("takes another time of removal", async () => {
    const { name } = await newNetwork();
    const changes = { removeAfter: 30, removeTags: ["*"] };
    expect(await netmaker.networks.update(name, changes)).toMatchObject(changes);
    expect(await netmaker.networks.get(name)).toMatchObject(changes);
    expect((await netmaker.networks.update(name, {})).removeAfter).toBeUndefined();
  });

  // logic/networks.go, UpdateNetwork copies none of them
  it("keeps range, keepalive and MTU whatever an update says", async () => {
    const { name, range } = await newNetwork();
    const body = {
      netid: name,
      addressrange: "10.1.1.0/24",
      defaultkeepalive: 33,
      defaultmtu: 1400,
    };
    expect(await raw("PUT", `/api/networks/${name}`, body)).toMatchObject({ status: 200 });
    expect(await netmaker.networks.get(name)).toMatchObject({
      addressRange: range,
      keepalive: 20,
      mtu: 1280,
    });
  });

  it("must exist for an update", async () => {
    expect(await refusal(netmaker.networks.update("c-none", {}))).toEqual(
      refused(400, "record not found"),
    );
  });

  it("is gone with its key and its rules once it is deleted", async () => {
    const { name } = await newNetwork();
    await netmaker.networks.delete(name);
    expect(await netmaker.networks.get(name)).toBeUndefined();
    await eventually(async () => {
      expect(await netmaker.enrollmentKeys.find(name)).toBeUndefined();
    });
    expect(await netmaker.aclRules.get(name, `${name}.all-nodes`)).toBeUndefined();
  });

  // controllers/network.go, deleteNetwork leaves both tables alone
  it("leaves egresses and DNS records on the server, which the library deletes", async () => {
    const { name, range } = await newNetwork();
    const { node } = await newMember(name);
    const egress = { name: unique("cloud"), network: name, range: "198.51.100.0/24" };
    await netmaker.egresses.create({ ...egress, node: node.id });
    await netmaker.dnsRecords.create({ name: "pi.c", network: name, address: "192.0.2.7" });
    await raw("DELETE", `/api/networks/${name}`);
    await eventually(async () => {
      expect(await netmaker.networks.get(name)).toBeUndefined();
      expect(await netmaker.enrollmentKeys.find(name)).toBeUndefined();
    });
    expect(await netmaker.egresses.list(name)).toMatchObject([{ name: egress.name }]);
    expect(await netmaker.dnsRecords.list(name)).toMatchObject([{ name: "pi.c" }]);
    // They would be the next network's.
    await netmaker.networks.create({ name, addressRange: range });
    expect(await netmaker.egresses.list(name)).toHaveLength(1);
    await netmaker.networks.delete(name);
    expect(await netmaker.egresses.list(name)).toEqual([]);
    expect(await netmaker.dnsRecords.list(name)).toEqual([]);
  });

  it("is deleted with its members, whose hosts stay", async () => {
    const { name } = await newNetwork();
    const { host } = await newMember(name);
    await netmaker.networks.delete(name);
    await eventually(async () => {
      expect((await netmaker.hosts.get(host.id))?.nodes).toEqual([]);
    });
    expect(await netmaker.nodes.list(name)).toEqual([]);
  });

  it("can be deleted twice", async () => {
    const { name } = await newNetwork();
    await netmaker.networks.delete(name);
    await netmaker.networks.delete(name);
    expect(await raw("DELETE", `/api/networks/${name}`)).toMatchObject({
      status: 200,
      json: { Code: 200, Message: "success" },
    });
  });

  it("can be made again with the same name and range", async () => {
    const { name, range } = await newNetwork();
    await netmaker.networks.delete(name);
    expect(await netmaker.networks.create({ name, addressRange: range })).toMatchObject({ name });
    // Nothing of the deletion is still to come.
    const { node } = await newMember(name);
    expect(node.address).toBe(`${addressIn(range, 1)}/24`);
    const rules = (await netmaker.aclRules.list(name)).map(({ id }) => id).sort();
    expect(rules).toEqual([`${name}.all-gateways`, `${name}.all-nodes`]);
    expect(await netmaker.enrollmentKeys.find(name)).toBeDefined();
  });
});

// logic/nodes.go, GetNetworkNodes
describe("a network's members", () => {
  it("get addresses from the start of the range, in the order of joining", async () => {
    const { name, range } = await newNetwork();
    const first = await newMember(name);
    const second = await newMember(name);
    expect([first.node.address, second.node.address]).toEqual([
      `${addressIn(range, 1)}/24`,
      `${addressIn(range, 2)}/24`,
    ]);
    const listed = (await netmaker.nodes.list(name)).map(({ id }) => id);
    expect(listed.sort()).toEqual([first.node.id, second.node.id].sort());
  });

  it("are disconnected and connected again without losing their address", async () => {
    const { name } = await newNetwork();
    const { node } = await newMember(name);
    expect(node.connected).toBe(true);
    const off = await netmaker.nodes.setConnected(name, node.id, false);
    expect(off).toMatchObject({ connected: false, address: node.address });
    const on = await netmaker.nodes.setConnected(name, node.id, true);
    expect(on).toMatchObject({ connected: true, address: node.address });
  });

  it("are none in a network that does not exist", async () => {
    expect(await netmaker.nodes.list("c-none")).toEqual([]);
  });

  it("are changed under their own network alone", async () => {
    const { name } = await newNetwork();
    const other = await newNetwork("other");
    const { node } = await newMember(name);
    expect(await raw("PUT", `/api/nodes/${other.name}/${node.id}`, {})).toEqual(
      apiError(400, "network url param does not match node network"),
    );
    expect(await raw("PUT", `/api/nodes/${name}/${NOBODY}`, {})).toEqual(
      apiError(400, "error fetching node during parameter validation"),
    );
  });
});
