import { beforeAll, describe, expect, it } from "vitest";

import type { AclEnd, AclRuleArgs } from "../api/index.ts";
import {
  apiError,
  eventually,
  netmaker,
  newMember,
  newMesh,
  newNetwork,
  NOBODY,
  raw,
  refusal,
  refused,
  target,
  unique,
} from "./suite.ts";

const everyone: AclEnd = { kind: "everyone" };

/** A rule as the API has it, for what the client never sends. */
function ruleBody(network: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: unique("rule"),
    network_id: network,
    policy_type: "device-policy",
    src_type: [{ id: "tag", value: "*" }],
    dst_type: [{ id: "tag", value: "*" }],
    type: "Any",
    allowed_traffic_direction: 1,
    enabled: true,
    ...changes,
  };
}

// controllers/acls.go, logic/acls.go, models/acl.go; creating one takes a user (createAcl)
describe.runIf(target.user !== undefined)("an ACL rule", () => {
  let mesh: Awaited<ReturnType<typeof newMesh>>;

  beforeAll(async () => {
    mesh = await newMesh();
  });

  function rule(changes: Partial<AclRuleArgs> = {}): AclRuleArgs {
    return {
      name: unique("rule"),
      network: mesh.network,
      from: [everyone],
      to: [{ kind: "device", id: mesh.gateway.id }],
      protocol: "tcp",
      ports: ["80", "8000-8080"],
      ...changes,
    };
  }

  it("allows a protocol and ports from one end to the other", async () => {
    const args = rule();
    const created = await netmaker.aclRules.create(args);
    expect(created).toEqual({
      ...args,
      id: expect.any(String) as string,
      enabled: true,
      isDefault: false,
      note: "",
    });
    expect(await netmaker.aclRules.get(mesh.network, created.id)).toEqual(created);
  });

  it("has gateways, external clients and egresses for ends, too", async () => {
    const { id } = await netmaker.externalClients.create(mesh.network, mesh.gateway.id, {
      id: unique("laptop"),
    });
    const egress = await netmaker.egresses.create({
      name: unique("cloud"),
      network: mesh.network,
      range: "198.51.100.0/24",
      node: mesh.gateway.id,
    });
    const args = rule({
      from: [{ kind: "device", id }, { kind: "gateways" }],
      to: [{ kind: "egress", id: egress.id }],
    });
    expect(await netmaker.aclRules.create(args)).toMatchObject({ from: args.from, to: args.to });
  });

  it("of every protocol has no ports", async () => {
    const created = await netmaker.aclRules.create(rule({ protocol: "all", ports: ["22"] }));
    expect(created).toMatchObject({ protocol: "all", ports: [] });
  });

  it("stands in the list, which is sorted by name", async () => {
    const { network } = await newMesh();
    for (const name of ["b-rule", "a-rule"]) {
      await netmaker.aclRules.create({ name, network, from: [everyone], to: [everyone] });
    }
    // In bytes, as Go sorts.
    expect((await netmaker.aclRules.list(network)).map(({ name }) => name)).toEqual([
      "All Gateways",
      "All Nodes",
      "a-rule",
      "b-rule",
    ]);
  });

  it("takes another name, other ends, ports and state", async () => {
    const args = rule();
    const { id } = await netmaker.aclRules.create(args);
    const changed = rule({ to: [everyone], protocol: "udp", ports: ["53"], enabled: false });
    expect(await netmaker.aclRules.update(id, changed)).toEqual({
      ...changed,
      id,
      isDefault: false,
      note: "",
    });
    expect(await netmaker.aclRules.get(mesh.network, id)).toMatchObject(changed);
  });

  // logic/acls.go, UpdateAcl does not copy it
  it("keeps the note that it was created with, whatever an update says", async () => {
    const args = rule({ note: "why it is there" });
    const { id } = await netmaker.aclRules.create(args);
    const changed = await netmaker.aclRules.update(id, { ...args, ports: ["22"], note: "other" });
    expect(changed).toMatchObject({ ports: ["22"], note: "why it is there" });
    expect(await netmaker.aclRules.get(mesh.network, id)).toMatchObject({ note: args.note });
  });

  // logic/extpeers.go, DeleteExtClient, which an update calls, too
  it.each([
    ["changed", (id: string) => netmaker.externalClients.update(mesh.network, id, {})],
    ["deleted", (id: string) => netmaker.externalClients.delete(mesh.network, id)],
  ])(
    "forgets an external client that is %s, and goes where it names nobody else",
    async (_, change) => {
      const { id } = await netmaker.externalClients.create(mesh.network, mesh.gateway.id, {
        id: unique("pi"),
      });
      const client: AclEnd = { kind: "device", id };
      const alone = await netmaker.aclRules.create(rule({ from: [client] }));
      const shared = await netmaker.aclRules.create(
        rule({ from: [client, { kind: "gateways" }], note: "stays" }),
      );
      await change(id);
      // It may be a while after the answer.
      expect(await netmaker.aclRules.waitUntilForgotten(mesh.network, [id])).toBe(true);
      expect(await netmaker.aclRules.get(mesh.network, alone.id)).toBeUndefined();
      expect(await netmaker.aclRules.get(mesh.network, shared.id)).toMatchObject({
        from: [{ kind: "gateways" }],
        note: "stays",
      });
    },
  );

  it("is gone once it is deleted, and may be deleted twice", async () => {
    const { id } = await netmaker.aclRules.create(rule());
    await netmaker.aclRules.delete(id);
    expect(await netmaker.aclRules.get(mesh.network, id)).toBeUndefined();
    await netmaker.aclRules.delete(id);
    expect(await raw("DELETE", `/api/v1/acls?acl_id=${id}`)).toEqual(
      apiError(400, "no result found"),
    );
  });

  it("for a single device goes with it", async () => {
    const { host, node } = await newMember(mesh.network);
    const { id } = await netmaker.aclRules.create(
      rule({ from: [{ kind: "device", id: node.id }] }),
    );
    await netmaker.hosts.leave(host.id, mesh.network);
    await eventually(async () => {
      expect(await netmaker.aclRules.get(mesh.network, id)).toBeUndefined();
    });
  });

  it("for a single egress goes with it", async () => {
    const egress = await netmaker.egresses.create({
      name: unique("cloud"),
      network: mesh.network,
      range: "198.51.100.0/24",
      node: mesh.gateway.id,
    });
    const { id } = await netmaker.aclRules.create(
      rule({ to: [{ kind: "egress", id: egress.id }] }),
    );
    await netmaker.egresses.delete(egress.id);
    await eventually(async () => {
      expect(await netmaker.aclRules.get(mesh.network, id)).toBeUndefined();
    });
  });

  it("is refused in a network that does not exist", async () => {
    expect(await refusal(netmaker.aclRules.create(rule({ network: "c-none" })))).toEqual(
      refused(400, "failed to get network details for c-none", "network"),
    );
  });

  it("is refused with a device or an egress that does not exist", async () => {
    expect(
      await refusal(netmaker.aclRules.create(rule({ from: [{ kind: "device", id: NOBODY }] }))),
    ).toEqual(refused(400, `invalid node ${NOBODY}`, "from, to"));
    expect(
      await refusal(netmaker.aclRules.create(rule({ to: [{ kind: "egress", id: NOBODY }] }))),
    ).toEqual(refused(400, "invalid egress", "from, to"));
  });

  it.each([
    ["in one direction", { allowed_traffic_direction: 0 }, "uni traffic flow not allowed on CE"],
    ["of users", { policy_type: "user-policy" }, "unknown acl policy type user-policy"],
    [
      "with an unknown kind of end",
      { src_type: [{ id: "ip", value: "10.0.0.1" }] },
      "invalid policy",
    ],
  ])("is refused %s, in the community edition", async (_, changes, reason) => {
    expect(await raw("POST", "/api/v1/acls", ruleBody(mesh.network, changes))).toEqual(
      apiError(400, reason),
    );
  });

  it("is refused as something else than JSON", async () => {
    expect(await raw("POST", "/api/v1/acls", "{")).toEqual(apiError(400, "unexpected EOF"));
  });

  it("is not moved to another network", async () => {
    const { id } = await netmaker.aclRules.create(rule({ to: [everyone] }));
    const other = await newNetwork("other");
    const moved = rule({ network: other.name, to: [everyone] });
    expect(await refusal(netmaker.aclRules.update(id, moved))).toEqual(
      refused(400, "invalid policy, network id mismatch", "network"),
    );
  });

  it("must exist for an update", async () => {
    expect(await refusal(netmaker.aclRules.update(NOBODY, rule()))).toEqual(
      refused(400, "no result found"),
    );
  });
});

describe("the rules that come with a network", () => {
  it("are switched off and on, and nothing else", async () => {
    const { name: network } = await newNetwork();
    const id = `${network}.all-nodes`;
    const before = await netmaker.aclRules.get(network, id);
    const off = { name: "other", network, from: [everyone], to: [everyone], enabled: false };
    expect(await netmaker.aclRules.update(id, off)).toEqual({ ...before, enabled: false });
    expect(await netmaker.aclRules.update(id, { ...off, enabled: true })).toEqual(before);
  });

  it("are deleted with the network alone", async () => {
    const { name } = await newNetwork();
    expect(await refusal(netmaker.aclRules.delete(`${name}.all-gateways`))).toEqual(
      refused(400, "cannot delete default policy"),
    );
  });
});

describe("ACL rules are listed", () => {
  it("for a network that exists", async () => {
    expect(await refusal(netmaker.aclRules.list("c-none"))).toEqual(
      refused(400, "record not found"),
    );
    expect(await netmaker.aclRules.get("c-none", NOBODY)).toBeUndefined();
    expect(await raw("GET", "/api/v1/acls")).toEqual(apiError(400, "network id param is missing"));
  });

  it("and deleted by their id alone", async () => {
    expect(await raw("DELETE", "/api/v1/acls")).toEqual(apiError(400, "acl id is required"));
  });
});
