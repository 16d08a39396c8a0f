import { describe, expect, it } from "vitest";

import {
  addressIn,
  apiError,
  eventually,
  netmaker,
  newMember,
  newNetwork,
  NOBODY,
  raw,
  refusal,
  refused,
  register,
  registration,
  remove,
  unique,
} from "./suite.ts";

// controllers/hosts.go, logic/hosts.go, models/api_host.go
describe("a host", () => {
  it("shows what it registered with", async () => {
    const { name } = await newNetwork();
    const { host, node } = await newMember(name, { endpointip: "192.0.2.77", listenport: 51900 });
    expect(host).toMatchObject({
      os: "linux",
      endpointIp: "192.0.2.77",
      listenPort: 51900,
      nodes: [node.id],
      isDefault: false,
    });
    expect(Buffer.from(host.publicKey, "base64")).toHaveLength(32);
  });

  // logic/hosts.go, SortApiHosts
  // auth/host_session.go, CheckNetRegAndHostUpdate; logic/hosts.go, AssociateNodeToHost
  it("is a member, and names its membership, by and by after it has registered", async () => {
    const { name } = await newNetwork();
    const key = (await netmaker.enrollmentKeys.find(name))?.token ?? "";
    const body = registration(unique("host"));
    remove(() => netmaker.hosts.delete(body.id, { force: true }));
    expect(await register(key, body)).toMatchObject({ status: 200 });
    // Whichever comes first: a membership that the record names is there.
    await eventually(async () => {
      const nodes = (await netmaker.hosts.get(body.id))?.nodes;
      expect(nodes).toHaveLength(1);
      const node = await netmaker.nodes.ofHost(name, body.id);
      expect([node?.id]).toEqual(nodes);
    });
  });

  it("keeps what is changed once it names its membership", async () => {
    const { name } = await newNetwork();
    const key = (await netmaker.enrollmentKeys.find(name))?.token ?? "";
    const body = registration(unique("host"));
    remove(() => netmaker.hosts.delete(body.id, { force: true }));
    await register(key, body);
    await netmaker.nodes.waitForHost(name, body.id);
    await netmaker.hosts.update(body.id, { mtu: 1333 });
    const other = await newMember(name);
    expect((await netmaker.hosts.get(other.host.id))?.nodes).toEqual([other.node.id]);
    expect(await netmaker.hosts.get(body.id)).toMatchObject({ mtu: 1333 });
  });

  it("manages names where the server does", async () => {
    const { name } = await newNetwork();
    const { host } = await newMember(name);
    expect(host.managesDns).toBe((await netmaker.server.settings()).managesDns);
  });

  it("stands in the list, which is sorted by id", async () => {
    const { name } = await newNetwork();
    const ids = [(await newMember(name)).host.id, (await newMember(name)).host.id];
    const listed = (await netmaker.hosts.list()).map((host) => host.id);
    expect(listed).toEqual(expect.arrayContaining(ids));
    expect(listed).toEqual([...listed].sort());
  });

  it("takes what is changed and keeps the rest", async () => {
    const { name } = await newNetwork();
    const { host } = await newMember(name);
    const changes = { name: unique("moved"), mtu: 1380, keepalive: 30, isStatic: true };
    expect(await netmaker.hosts.update(host.id, changes)).toEqual({ ...host, ...changes });
    expect(await netmaker.hosts.get(host.id)).toEqual({ ...host, ...changes });
  });

  it("must exist for a change", async () => {
    expect((await refusal(netmaker.hosts.update(NOBODY, { mtu: 1380 }))).notFound).toBe(true);
    expect(await raw("PUT", `/api/hosts/${NOBODY}`, { id: NOBODY })).toEqual(
      apiError(500, "record not found"),
    );
  });

  it("is known by a UUID alone", async () => {
    expect(await raw("PUT", "/api/hosts/master", { id: "master" })).toEqual(
      apiError(400, "failed to parse host id"),
    );
    expect(await refusal(netmaker.hosts.delete("master"))).toEqual(
      refused(400, "failed to parse host id", "id"),
    );
  });

  it("is changed by JSON alone", async () => {
    expect(await raw("PUT", `/api/hosts/${NOBODY}`, "{")).toEqual(apiError(500, "unexpected EOF"));
  });

  it("stays while it is in a network", async () => {
    const { name } = await newNetwork();
    const { host } = await newMember(name);
    expect(await refusal(netmaker.hosts.delete(host.id))).toEqual(
      refused(500, "host still has associated nodes"),
    );
    expect(await netmaker.hosts.get(host.id)).toEqual(host);
  });

  it("is deleted with its memberships by force, and may be deleted twice", async () => {
    const { name } = await newNetwork();
    const { host } = await newMember(name);
    await netmaker.hosts.delete(host.id, { force: true });
    expect(await netmaker.hosts.get(host.id)).toBeUndefined();
    expect(await netmaker.nodes.list(name)).toEqual([]);
    await netmaker.hosts.delete(host.id, { force: true });
    expect(await raw("DELETE", `/api/v1/ui/hosts/${host.id}`)).toEqual(
      apiError(500, "record not found"),
    );
  });
});

describe("a host's membership", () => {
  it("of a second network gives it a second node there", async () => {
    const first = await newNetwork();
    const second = await newNetwork();
    const { host } = await newMember(first.name);
    await netmaker.hosts.join(host.id, second.name);
    const node = await netmaker.nodes.ofHost(second.name, host.id);
    expect(node?.address).toBe(`${addressIn(second.range, 1)}/24`);
    expect((await netmaker.hosts.get(host.id))?.nodes).toHaveLength(2);
  });

  it("begins once", async () => {
    const { name } = await newNetwork();
    const { host } = await newMember(name);
    expect(await refusal(netmaker.hosts.join(host.id, name))).toEqual(
      refused(500, `host already part of network ${name}`, "network"),
    );
  });

  it("needs a network and a host that exist", async () => {
    const { name } = await newNetwork();
    const { host } = await newMember(name);
    expect(await refusal(netmaker.hosts.join(host.id, "c-none"))).toEqual(
      refused(500, "record not found"),
    );
    expect(await refusal(netmaker.hosts.join(NOBODY, name))).toEqual(
      refused(500, "record not found"),
    );
  });

  it("ends at once, frees its address and may be ended twice", async () => {
    const { name } = await newNetwork();
    const { host, node } = await newMember(name);
    await netmaker.hosts.leave(host.id, name);
    expect(await netmaker.nodes.list(name)).toEqual([]);
    await netmaker.hosts.leave(host.id, name);
    expect((await newMember(name)).node.address).toBe(node.address);
  });

  it("that does not exist cannot be ended without force", async () => {
    const { name } = await newNetwork();
    const other = await newNetwork("other");
    const { host } = await newMember(name);
    expect(await raw("DELETE", `/api/hosts/${host.id}/networks/${other.name}`)).toEqual(
      apiError(500, `host not part of the network ${other.name}`),
    );
  });

  it("is only marked without force, until the host has left", async () => {
    const { name } = await newNetwork();
    const { host, node } = await newMember(name);
    expect(await raw("DELETE", `/api/hosts/${host.id}/networks/${name}`)).toMatchObject({
      status: 200,
      text: "",
    });
    expect(await netmaker.nodes.get(name, node.id)).toMatchObject({ pendingDelete: true });
  });
});
