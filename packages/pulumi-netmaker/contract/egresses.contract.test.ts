import { describe, expect, it } from "vitest";

import type { EgressArgs } from "../api/index.ts";
import { overlappingRanges } from "../rules/index.ts";
import {
  apiError,
  netmaker,
  newMember,
  newNetwork,
  NOBODY,
  raw,
  refusal,
  refused,
  unique,
} from "./suite.ts";

async function argsIn(changes: Partial<EgressArgs> = {}): Promise<EgressArgs> {
  const { name } = await newNetwork();
  const { node } = await newMember(name);
  return {
    name: unique("egress"),
    network: name,
    node: node.id,
    range: "198.51.100.0/24",
    ...changes,
  };
}

// controllers/egress.go, logic/egress.go, schema/egress.go
describe("an egress", () => {
  it("routes a range through a member, with NAT and the metric 256", async () => {
    const args = await argsIn({ description: "the cloud's private range" });
    const created = await netmaker.egresses.create(args);
    expect(created).toEqual({
      id: expect.any(String) as string,
      name: args.name,
      network: args.network,
      description: args.description,
      range: args.range,
      domain: "",
      nodes: { [args.node]: 256 },
      nat: true,
      enabled: true,
    });
    expect(await netmaker.egresses.get(args.network, created.id)).toEqual(created);
    expect(await netmaker.egresses.list(args.network)).toEqual([created]);
  });

  it("is stored by its first address", async () => {
    const created = await netmaker.egresses.create(await argsIn({ range: "198.51.100.77/25" }));
    expect(created.range).toBe("198.51.100.0/25");
  });

  it("is created enabled whatever is asked for, and switched off by an update", async () => {
    const args = await argsIn({ enabled: false });
    const created = await netmaker.egresses.create(args);
    expect(created.enabled).toBe(true);
    expect(await netmaker.egresses.update(created.id, args)).toEqual({
      ...created,
      enabled: false,
    });
  });

  it("takes another range, metric, description and NAT", async () => {
    const args = await argsIn();
    const { id } = await netmaker.egresses.create(args);
    const changed = { range: "203.0.113.0/24", metric: 10, nat: false, description: "other" };
    const updated = await netmaker.egresses.update(id, { ...args, ...changed });
    expect(updated).toMatchObject({
      range: changed.range,
      nodes: { [args.node]: 10 },
      nat: false,
      description: "other",
    });
    expect(await netmaker.egresses.get(args.network, id)).toEqual(updated);
  });

  it("takes another routing member", async () => {
    const args = await argsIn();
    const { id } = await netmaker.egresses.create(args);
    const { node } = await newMember(args.network);
    const updated = await netmaker.egresses.update(id, { ...args, node: node.id });
    expect(Object.keys(updated.nodes)).toEqual([node.id]);
  });

  // logic/egress.go, validateEgressReq: no such check in the community edition
  it("may overlap another one, which only this library finds", async () => {
    const args = await argsIn();
    await netmaker.egresses.create(args);
    await netmaker.egresses.create({ ...args, range: "198.51.100.128/25" });
    const listed = await netmaker.egresses.list(args.network);
    const ranges = Object.fromEntries(listed.map(({ id, range }) => [id, range]));
    expect(overlappingRanges(ranges)).toHaveLength(1);
  });

  it("is gone once it is deleted, and may be deleted twice", async () => {
    const args = await argsIn();
    const { id } = await netmaker.egresses.create(args);
    await netmaker.egresses.delete(id);
    expect(await netmaker.egresses.get(args.network, id)).toBeUndefined();
    await netmaker.egresses.delete(id);
    expect(await raw("DELETE", `/api/v1/egress?id=${id}`)).toEqual(
      apiError(400, "record not found"),
    );
  });

  it("is deleted by its id alone", async () => {
    expect(await raw("DELETE", "/api/v1/egress")).toEqual(apiError(400, "id is required"));
  });

  it("are none in a network that does not exist", async () => {
    expect(await netmaker.egresses.list("c-none")).toEqual([]);
  });
});

describe("an egress is refused", () => {
  it("with a malformed range", async () => {
    expect(await refusal(netmaker.egresses.create(await argsIn({ range: "10.10.0.0" })))).toEqual(
      refused(400, "invalid CIDR address: 10.10.0.0", "range"),
    );
  });

  it("in a network that does not exist", async () => {
    const args = await argsIn();
    expect(await refusal(netmaker.egresses.create({ ...args, network: "c-none" }))).toEqual(
      refused(400, "record not found", "network"),
    );
  });

  it("with a routing member that does not exist", async () => {
    expect(await refusal(netmaker.egresses.create(await argsIn({ node: NOBODY })))).toEqual(
      refused(400, "invalid routing node", "node"),
    );
  });

  it("with two routing members, in the community edition", async () => {
    const { name, network, range, node } = await argsIn();
    const nodes = { [node]: 256, [(await newMember(network)).node.id]: 256 };
    expect(await raw("POST", "/api/v1/egress", { name, network, range, nodes, nat: true })).toEqual(
      apiError(400, "can only set one routing node on CE"),
    );
  });

  it("with a malformed domain", async () => {
    const { name, network } = await argsIn();
    expect(await raw("POST", "/api/v1/egress", { name, network, domain: "nowhere" })).toEqual(
      apiError(400, "bad domain name"),
    );
  });

  it("as an update of one that does not exist", async () => {
    expect(await refusal(netmaker.egresses.update(NOBODY, await argsIn()))).toEqual(
      refused(400, "record not found"),
    );
  });

  it("as something else than JSON", async () => {
    expect(await raw("POST", "/api/v1/egress", "{")).toEqual(apiError(400, "unexpected EOF"));
  });
});
