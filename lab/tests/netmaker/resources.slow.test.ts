/** Every kind of resource, by the real engine on a real server. */
import { Network, Provider, SuperAdmin } from "@fogline/pulumi-netmaker";
import type { PulumiFn } from "@pulumi/pulumi/automation/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestNetmaker } from "../../stand-ins/netmaker/testing/server.ts";
import { mesh, OWN_KEY, type Otherwise } from "../../testing/netmaker/mesh.ts";
import { TestStack } from "../../testing/netmaker/stack.ts";

/** Another one, of whoever had the first. */
const OTHER_KEY = OWN_KEY.replace("MDE", "MDI");

/** All that `mesh` declares. */
const ALL = [
  ...["cloud", "gateway", "laptop", "master", "members"],
  ...["mesh", "phone", "pi", "record", "website"],
];

describe("resources", () => {
  let server: TestNetmaker;
  let stack: TestStack;

  beforeAll(async () => {
    server = await TestNetmaker.startWithUser();
    stack = await TestStack.create(mesh(server));
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it("are made, each once its parts are there", async () => {
    expect(await stack.up()).toEqual({ create: ALL });
    const { client } = server;
    const nodes = await client.nodes.list("mesh");
    const hosts = await client.hosts.list();
    expect(hosts.map(({ name }) => name).sort()).toEqual(["master", "pi"]);
    const [gateway] = await client.gateways.list("mesh");
    expect(gateway).toMatchObject({ mtu: 1420, keepalive: 20 });
    const clients = await client.externalClients.list("mesh");
    expect(clients.map(({ id, gateway: through }) => [id, through]).sort()).toEqual([
      ["laptop", gateway?.id],
      ["phone", gateway?.id],
    ]);
    const [egress] = await client.egresses.list("mesh");
    expect(egress).toMatchObject({ range: "10.10.0.0/16", nodes: { [gateway?.id ?? ""]: 256 } });
    const rules = (await client.aclRules.list("mesh")).filter(({ isDefault }) => !isDefault);
    expect(rules).toMatchObject([
      {
        from: [{ kind: "device", id: "laptop" }],
        to: [{ kind: "egress", id: egress?.id }],
        ports: ["80"],
      },
    ]);
    const [record] = await client.dnsRecords.list("mesh");
    expect(nodes.map(({ address }) => address)).toContain(`${record?.address ?? ""}/16`);
    expect(await stack.outputs()).toMatchObject({
      config: expect.stringContaining("[Peer]") as string,
      domainName: "raspberrypi.mesh.nm.internal",
    });
  });

  it("stay as they are the second time, and before it", async () => {
    expect(await stack.preview()).toEqual({});
    expect(await stack.up()).toEqual({});
    expect(await stack.refresh()).toEqual({});
  });

  it("keep keys, tokens and passwords encrypted, a refresh later too", async () => {
    const { token, config, privateKey } = await stack.outputs();
    const state = await stack.stateFile();
    const members = await server.client.enrollmentKeys.find("members");
    const secrets = [token, config, privateKey, members?.value, server.user.password];
    expect(secrets.every((secret) => String(secret).length > 20)).toBe(true);
    for (const secret of secrets) {
      const written = JSON.stringify(secret).slice(1, -1);
      expect(state).not.toContain(written);
    }
    expect(state).toContain(OWN_KEY);
  });

  it("are changed in place where the server can", async () => {
    const changed: Otherwise = {
      mesh: { removeAfter: 60, removeTags: ["*"], defaultRules: false },
      members: { groups: ["mesh.servers"] },
      pi: { keepalive: 25, mtu: 1300 },
      gateway: { mtu: 1380, description: "Entry" },
      laptop: { dns: "10.77.0.1", extraAllowedIps: ["192.168.7.0/24"] },
      phone: { enabled: false, publicKey: OTHER_KEY },
      cloud: { range: "10.11.0.0/16", nat: false, description: "Machines" },
      website: { ports: ["80", "443"], enabled: false },
    };
    const names = ALL.filter((name) => name !== "master" && name !== "record");
    const program = mesh(server, changed);
    expect(await stack.preview(program)).toEqual({ update: names });
    expect(await stack.up(program)).toEqual({ update: names });
    expect(await stack.up(program)).toEqual({});

    const { client } = server;
    expect(await client.networks.get("mesh")).toMatchObject({ removeAfter: 60, removeTags: ["*"] });
    expect(await client.enrollmentKeys.find("members")).toMatchObject({ groups: ["mesh.servers"] });
    const pi = (await client.hosts.list()).find(({ name }) => name === "pi");
    expect(pi).toMatchObject({ keepalive: 25, mtu: 1300 });
    expect((await client.gateways.list("mesh"))[0]).toMatchObject({
      mtu: 1380,
      description: "Entry",
    });
    expect(await client.externalClients.get("mesh", "laptop")).toMatchObject({
      dns: "10.77.0.1",
      extraAllowedIps: ["192.168.7.0/24"],
    });
    expect(await client.externalClients.get("mesh", "phone")).toMatchObject({
      enabled: false,
      publicKey: OTHER_KEY,
    });
    const [cloud] = await client.egresses.list("mesh");
    expect(cloud).toMatchObject({ range: "10.11.0.0/16", nat: false, description: "Machines" });
    const rules = await client.aclRules.list("mesh");
    expect(rules.map(({ enabled }) => enabled)).toEqual([false, false, false]);
    expect(rules.find(({ name }) => name === "website")).toMatchObject({ ports: ["80", "443"] });

    expect(await stack.up()).toEqual({ update: names });
  });

  it("are made anew where the server cannot: those that change, and no others", async () => {
    const changed: Otherwise = {
      record: { address: "10.77.9.9" },
      // A pair of the server's for the client's own key.
      phone: { publicKey: undefined },
      // With the rule that names it.
      laptop: { clientId: "notebook" },
      members: { uses: 5 },
    };
    const program = mesh(server, changed);
    const changes = await stack.up(program);
    expect(changes["replace"]).toEqual(["laptop", "members", "phone", "record"]);
    expect(await stack.changesLeft(program)).toEqual({});

    // What the whole mesh hangs on.
    const whole = mesh(server, { ...changed, mesh: { keepalive: 25 } });
    expect((await stack.up(whole))["replace"]).toEqual(ALL);
    expect(await stack.changesLeft(whole)).toEqual({});
  });

  it("are taken over by their ids", async () => {
    await stack.up();
    const remembered = Object.entries(await stack.remembered());
    const imports = Object.fromEntries(remembered.map(([name, { id }]) => [name, id]));
    await using other = await TestStack.create(mesh(server, {}, { imports }));
    expect(await other.up()).toEqual({ import: ALL });
    expect(await other.up(mesh(server))).toEqual({});
    expect(await other.remembered()).toMatchObject(
      Object.fromEntries(remembered.map(([name, { id, inputs }]) => [name, { id, inputs }])),
    );
  });

  it("go one after another, members before their network", async () => {
    await stack.destroy();
    const { client } = server;
    expect(await client.networks.list()).toEqual([]);
    expect(await client.hosts.list()).toEqual([]);
    expect(await client.enrollmentKeys.list()).toEqual([]);
    expect(await stack.remembered()).toEqual({});
  });
});

describe("a server that nobody owns", () => {
  it("gets its super-admin, with whom everything else is made", async () => {
    await using server = await TestNetmaker.start();
    const program: PulumiFn = () => {
      const provider = new Provider("netmaker", { url: server.url, ...server.user });
      const owner = new SuperAdmin("owner", server.user, { provider });
      const args = { name: "mesh", addressRange: "10.77.0.0/16" };
      new Network("mesh", args, { provider, dependsOn: owner });
      return Promise.resolve();
    };
    await using stack = await TestStack.create(program);
    expect(await stack.up()).toEqual({ create: ["mesh", "owner"] });
    expect(await stack.changesLeft()).toEqual({});
    expect(await stack.stateFile()).not.toContain(server.user.password);

    // What a kill before the first state leaves: a server with an owner that no engine knows.
    await using forgetful = await TestStack.create(program);
    expect(await forgetful.up()).toEqual({ create: ["mesh", "owner"] });
    expect(await server.client.networks.list()).toHaveLength(1);
  });
});
