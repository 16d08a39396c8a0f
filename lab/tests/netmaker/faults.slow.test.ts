/** What goes wrong on the way: killed engines, servers that fail, programs that ask for nonsense. */
import { readFileSync } from "node:fs";

import { Provider, SuperAdmin } from "@fogline/pulumi-netmaker";
import { secret } from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestNetmaker } from "../../stand-ins/netmaker/testing/server.ts";
import { FaultyProxy } from "../../testing/netmaker/faulty-proxy.ts";
import { mesh, type Otherwise } from "../../testing/netmaker/mesh.ts";
import { TestStack } from "../../testing/netmaker/stack.ts";

let server: TestNetmaker;
let proxy: FaultyProxy;
let stack: TestStack;

/** For the tests of a group, each of which goes on from what the one before it leaves. */
function startFresh(): void {
  beforeAll(async () => {
    server = await TestNetmaker.startWithUser();
    proxy = await FaultyProxy.before(server.url);
    stack = await TestStack.create(mesh(server, {}, { url: proxy.url }));
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
}

/** What an update ends with. */
function failure(update: Promise<unknown>): Promise<string> {
  return update.then(
    () => "it succeeded",
    (error: unknown) => String(error),
  );
}

/** Engines that this process started and that are at work. */
function engines(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  return children
    .split(" ")
    .filter((pid) => pid !== "")
    .map(Number)
    .filter((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi");
}

describe("an engine killed between a call and its state", () => {
  startFresh();

  it("leaves nothing that the next one makes again, whichever call it was", async () => {
    // By kind of resource: ids are what the server or a test before made up.
    const kindOf = (path: string): string => path.replaceAll(/mesh|[0-9a-f-]{36}/g, "*");
    const killed = new Set<string>();
    const dies: { now?: () => void } = {};
    proxy.faultFor = (method, path) => {
      const isNew = method === "POST" && !killed.has(kindOf(path)) && !path.includes("/users/");
      if (!isNew || dies.now === undefined) {
        return "pass";
      }
      killed.add(kindOf(path));
      proxy.onDropped = dies.now;
      delete dies.now;
      return "drop-reply";
    };
    for (;;) {
      dies.now = () => {
        for (const pid of engines()) {
          process.kill(pid, "SIGKILL");
        }
      };
      if ((await failure(stack.up())) === "it succeeded") {
        break;
      }
      await stack.unlock();
    }
    // What is made at the same time as another one may be made before its turn to be killed comes.
    expect(killed.size).toBeGreaterThanOrEqual(5);
    expect(await stack.changesLeft()).toEqual({});

    const { client } = server;
    const names = async (
      list: Promise<readonly { readonly name: string | undefined }[]>,
    ): Promise<string[]> => (await list).map(({ name = "" }) => name).sort();
    expect(await names(client.networks.list())).toEqual(["mesh"]);
    expect(await names(client.enrollmentKeys.list())).toEqual(["members", "mesh"]);
    expect(await names(client.hosts.list())).toEqual(["master", "pi"]);
    expect(await client.gateways.list("mesh")).toHaveLength(1);
    expect(await client.externalClients.list("mesh")).toHaveLength(2);
    expect(await names(client.egresses.list("mesh"))).toEqual(["cloud"]);
    const rules = (await client.aclRules.list("mesh")).filter(({ isDefault }) => !isDefault);
    expect(rules).toHaveLength(1);
    expect(await names(client.dnsRecords.list("mesh"))).toEqual(["raspberrypi.mesh"]);
  });

  it("leaves a client that it was changing in its rules", async () => {
    proxy.faultFor = (method, path) =>
      method === "PUT" && path.startsWith("/api/extclients/") ? "drop-reply" : "pass";
    proxy.onDropped = () => {
      for (const pid of engines()) {
        process.kill(pid, "SIGKILL");
      }
    };
    const changed = mesh(server, { laptop: { dns: "192.0.2.53" } }, { url: proxy.url });
    expect(await failure(stack.up(changed))).not.toBe("it succeeded");
    await stack.unlock();
    const { client } = server;
    // The server has taken it out, and with it the rule, which named nobody else.
    await client.aclRules.waitUntilForgotten("mesh", ["laptop"]);
    expect(await client.aclRules.find("mesh", "website")).toBeUndefined();

    proxy.faultFor = () => "pass";
    expect(await stack.refresh()).toEqual({ update: ["laptop"] });
    expect(await client.aclRules.find("mesh", "website")).toMatchObject({
      from: [{ kind: "device", id: "laptop" }],
      ports: ["80"],
    });
    expect(await client.aclRules.list("mesh")).toHaveLength(3);
    expect(await stack.up(changed)).toEqual({});
  });
});

describe("a server that fails", () => {
  startFresh();

  it("is named with its call and its words, and what it did not do is done later", async () => {
    proxy.faultFor = (method, path) =>
      method === "POST" && path === "/api/v1/egress"
        ? { status: 500, body: '{"Code":500,"Message":"disk full","Response":null}' }
        : "pass";
    expect(await failure(stack.up())).toContain("POST /api/v1/egress: 500: disk full");
    proxy.faultFor = () => "pass";
    expect((await stack.up())["create"]).toContain("cloud");
    expect(await stack.up()).toEqual({});
  });

  it("that breaks its answers off is asked again, within bounds", async () => {
    let broken = 0;
    proxy.faultFor = (method, path) => {
      if (method === "GET" && path === "/api/networks/mesh" && broken < 2) {
        broken += 1;
        return "truncate";
      }
      return "pass";
    };
    expect(await stack.refresh()).toEqual({});
    expect(broken).toBe(2);
    proxy.faultFor = (_, path) => (path === "/api/networks/mesh" ? "truncate" : "pass");
    expect(await failure(stack.refresh())).toMatch(
      /GET \/api\/networks\/mesh: the connection broke.*\[\d attempts\]/,
    );
  });
});

describe("a program that asks for what it cannot have", () => {
  startFresh();

  it("is told that the server knows neither its name nor its password", async () => {
    const stranger = Object.assign(Object.create(server) as TestNetmaker, {
      user: { username: "stranger", password: "not the one" },
    });
    const said = await failure(stack.up(mesh(stranger)));
    expect(said).toMatch(/record not found|incorrect credentials/);
    expect(said).not.toContain("not the one");
  });

  it("is told what is wrong with a secret, and not what the secret is", async () => {
    const user = { username: "operator", password: "pwqz" };
    const settings = { url: "http://127.0.0.1:9", ...user, ca: secret("no certificate") };
    const report = (program: () => void): Promise<string> =>
      failure(
        stack.up(() => {
          program();
          return Promise.resolve();
        }),
      );
    const short = await report(() => {
      const provider = new Provider("netmaker", { url: settings.url, ...user });
      new SuperAdmin("owner", user, { provider });
    });
    expect(short).toMatch(/resource 'owner' has a problem: password: Too small/);
    expect(short).not.toContain(user.password);
    const untrusted = await report(() => new Provider("netmaker", settings));
    expect(untrusted).toContain("ca: must be certificates in PEM form");
    expect(untrusted).not.toContain("no certificate");
  });

  it("hears every problem of a resource at once, each with its fix, and nothing is made", async () => {
    const otherwise: Otherwise = {
      mesh: { name: "My Mesh", addressRange: "10.77.0.0/31", mtu: 100 },
      members: { uses: 1, expires: "2030-01-01T00:00:00Z" },
    };
    const said = await failure(stack.up(mesh(server, otherwise)));
    expect(said).toContain("must be of a-z, 0-9, - and _; write it in lower case");
    expect(said).toContain("must be /30 or larger; write it like 10.101.0.0/16");
    expect(said).toMatch(/mtu/);
    expect(await server.client.networks.list()).toEqual([]);
  });

  it("does not take over what is somebody else's", async () => {
    await server.client.networks.create({ name: "mesh", addressRange: "10.99.0.0/16" });
    const said = await failure(stack.up());
    expect(said).toContain("it exists already and is otherwise (addressRange)");
    expect(said).toContain("pulumi import netmaker:index:Network <name> mesh");
    expect(await server.client.networks.get("mesh")).toMatchObject({
      addressRange: "10.99.0.0/16",
    });
  });

  it("is told by the server which input it refuses", async () => {
    await server.client.networks.delete("mesh");
    const otherwise: Otherwise = { phone: { publicKey: "no key" } };
    expect(await failure(stack.up(mesh(server, otherwise)))).toMatch(
      /POST \/api\/extclients\/.*: 400: incorrect client public key.* \(publicKey\)/,
    );
  });
});
