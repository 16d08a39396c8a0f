import { describe, expect, it } from "vitest";

import {
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

// controllers/gateway.go, logic/gateway.go, logic/relay.go
describe("a gateway", () => {
  it("is a member with the server's defaults for its clients", async () => {
    const { name } = await newNetwork();
    const { node } = await newMember(name);
    expect(await netmaker.gateways.get(name, node.id)).toBeUndefined();
    const gateway = await netmaker.gateways.create(name, node.id);
    expect(gateway).toMatchObject({
      id: node.id,
      address: node.address,
      isGateway: true,
      keepalive: 20,
      mtu: 1420,
      dns: "",
      internet: false,
      description: "This host can be used for remote access",
    });
    expect((await netmaker.gateways.list(name)).map(({ id }) => id)).toEqual([node.id]);
  });

  it("has the settings it was created with", async () => {
    const { name } = await newNetwork();
    const { node } = await newMember(name);
    const args = { keepalive: 15, mtu: 1300, dns: "192.0.2.53", description: "the master" };
    expect(await netmaker.gateways.create(name, node.id, args)).toMatchObject(args);
    expect(await netmaker.gateways.get(name, node.id)).toMatchObject(args);
  });

  it("keeps its host's port", async () => {
    const { host } = await newMesh();
    expect((await netmaker.hosts.get(host.id))?.isStaticPort).toBe(true);
  });

  it("takes what is changed, and keeps the rest and its clients", async () => {
    const { network, gateway } = await newMesh();
    const client = await netmaker.externalClients.create(network, gateway.id, { id: unique("pi") });
    const updated = await netmaker.gateways.update(network, gateway.id, { mtu: 1280 });
    expect(updated).toMatchObject({ isGateway: true, mtu: 1280, keepalive: gateway.keepalive });
    expect(await netmaker.gateways.get(network, gateway.id)).toMatchObject({ mtu: 1280 });
    expect(await netmaker.externalClients.get(network, client.id)).toMatchObject({
      address: client.address,
      publicKey: client.publicKey,
    });
  });

  it("is made once", async () => {
    const { network, gateway } = await newMesh();
    expect(await refusal(netmaker.gateways.create(network, gateway.id))).toEqual(
      refused(500, "node is already acting as a relay", "node"),
    );
  });

  it("must be a node that exists", async () => {
    const { name } = await newNetwork();
    expect(await refusal(netmaker.gateways.create(name, NOBODY))).toEqual(
      refused(400, "error fetching node during parameter validation: no result found", "node"),
    );
    expect((await refusal(netmaker.gateways.update(name, NOBODY, {}))).notFound).toBe(true);
  });

  it("must be a node of the network", async () => {
    const { name } = await newNetwork();
    const other = await newNetwork("other");
    const { node } = await newMember(name);
    expect(await refusal(netmaker.gateways.create(other.name, node.id))).toEqual(
      refused(400, "network url param does not match node network", "network"),
    );
  });

  it("must run Linux", async () => {
    const { name } = await newNetwork();
    const { node } = await newMember(name, { os: "windows" });
    expect(await refusal(netmaker.gateways.create(name, node.id))).toEqual(
      refused(500, "gateway can only be created on linux based node", "node"),
    );
  });

  it("is not made of an empty body", async () => {
    const { name } = await newNetwork();
    const { node } = await newMember(name);
    expect(await raw("POST", `/api/nodes/${name}/${node.id}/gateway`)).toEqual(
      apiError(400, "EOF"),
    );
  });

  it("takes its clients with it when it becomes a plain member", async () => {
    const { network, gateway } = await newMesh();
    await netmaker.externalClients.create(network, gateway.id, { id: unique("pi") });
    await netmaker.gateways.delete(network, gateway.id);
    expect(await netmaker.gateways.get(network, gateway.id)).toBeUndefined();
    expect(await netmaker.nodes.get(network, gateway.id)).toMatchObject({ isGateway: false });
    expect(await netmaker.externalClients.list(network)).toEqual([]);
  });

  it("may be deleted twice, and where there is none", async () => {
    const { network, gateway } = await newMesh();
    await netmaker.gateways.delete(network, gateway.id);
    await netmaker.gateways.delete(network, gateway.id);
    await netmaker.gateways.delete(network, NOBODY);
    expect(await raw("DELETE", `/api/nodes/${network}/${NOBODY}/gateway`)).toEqual(
      apiError(400, "error fetching node during parameter validation"),
    );
  });

  it("can be made again", async () => {
    const { network, gateway } = await newMesh();
    await netmaker.gateways.delete(network, gateway.id);
    expect(await netmaker.gateways.create(network, gateway.id)).toMatchObject({ isGateway: true });
  });
});

describe("a member behind a gateway", () => {
  it("is relayed by it until that is undone", async () => {
    const { network, gateway } = await newMesh();
    const { node } = await newMember(network);
    const path = `/api/nodes/${network}/${node.id}/gateway`;
    expect(await raw("POST", `${path}/assign?gw_id=${gateway.id}`)).toMatchObject({
      status: 200,
      json: { Code: 200, Message: "assigned gateway" },
    });
    expect(await netmaker.nodes.get(network, node.id)).toMatchObject({ relayedBy: gateway.id });
    expect(await raw("POST", `${path}/assign?gw_id=${gateway.id}`)).toEqual(
      apiError(400, "node is already using a gw"),
    );
    expect(await raw("POST", `${path}/unassign`)).toMatchObject({ status: 200 });
    expect((await netmaker.nodes.get(network, node.id))?.relayedBy).toBeUndefined();
  });

  it("needs one that is a gateway", async () => {
    const { name } = await newNetwork();
    const one = await newMember(name);
    const other = await newMember(name);
    const path = `/api/nodes/${name}/${one.node.id}/gateway/assign?gw_id=${other.node.id}`;
    expect(await raw("POST", path)).toEqual(apiError(400, "is not a gateway"));
  });
});
