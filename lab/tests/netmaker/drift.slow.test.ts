/** Somebody changes things by hand: a refresh sees it, and the next update takes it back. */
import type { NetmakerClient } from "@fogline/pulumi-netmaker/api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestNetmaker } from "../../stand-ins/netmaker/testing/server.ts";
import { MANUAL, settled, type Manual } from "../../testing/netmaker/manual-changes.ts";
import { mesh, OWN_KEY } from "../../testing/netmaker/mesh.ts";
import { TestStack } from "../../testing/netmaker/stack.ts";

/** How many changes are made by hand before the program has its turn. */
const CHANGES = 20;

/** Tries: each takes some seconds. */
const RUNS = 3;

const LAST = "delete the network";

describe("what was changed by hand", () => {
  let server: TestNetmaker;
  let stack: TestStack;

  beforeAll(async () => {
    server = await TestNetmaker.startWithUser();
    stack = await TestStack.create(mesh(server));
    await stack.up();
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it("is seen by a refresh, which changes nothing", async () => {
    const { client } = server;
    const [gateway] = await client.gateways.list("mesh");
    await client.gateways.update("mesh", gateway?.id ?? "", { mtu: 1300 });
    await client.dnsRecords.delete("mesh", "raspberrypi.mesh");
    expect(await stack.refresh()).toEqual({ update: ["gateway"], delete: ["record"] });
    expect((await client.gateways.list("mesh"))[0]?.mtu).toBe(1300);
    expect(await stack.up()).toEqual({ update: ["gateway"], create: ["record"] });
    expect((await client.gateways.list("mesh"))[0]?.mtu).toBe(1420);
  });

  it("is as declared again after twenty random changes, a refresh and an update", async () => {
    const declared = await picture(server.client);
    // After the network's end there is little left to change: that happens in one try of four.
    const change = fc.oneof(
      {
        weight: 60,
        arbitrary: fc.constantFrom(...Object.keys(MANUAL).filter((name) => name !== LAST)),
      },
      { weight: 1, arbitrary: fc.constant(LAST) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(change, fc.nat({ max: 200 })), {
          minLength: CHANGES,
          maxLength: CHANGES,
        }),
        async (changes) => {
          for (const [name, n] of changes) {
            await (MANUAL[name] as Manual)(server.client, n);
            await settled(server.client);
          }
          await stack.refresh();
          await stack.up();
          expect(await picture(server.client)).toEqual(declared);
          expect(await stack.changesLeft()).toEqual({});
        },
      ),
      // One try with fewer changes would cost seconds and say little more. The example once failed.
      { numRuns: RUNS, endOnFailure: true, examples: [[[["shut a client off", 0]]]] },
    );
  });
});

/** All that was declared, as the server has it; what it makes up is told by names. */
async function picture(client: NetmakerClient): Promise<unknown> {
  const hosts = new Map((await client.hosts.list()).map(({ id, name }) => [id, name]));
  const nodes = await client.nodes.list("mesh");
  const nameOf = (node: string): string =>
    hosts.get(nodes.find(({ id }) => id === node)?.hostId ?? "") ?? `unknown node ${node}`;
  const memberAt = (address: string): string | undefined => {
    const node = nodes.find((each) => each.address === `${address}/16`);
    return node && nameOf(node.id);
  };
  const egresses = await client.egresses.list("mesh");
  const rules = await client.aclRules.list("mesh");
  // Asked for one by one, the server names the gateway where a client has no name servers of its own.
  const clients = await Promise.all(
    (await client.externalClients.list("mesh")).map(async ({ id, ...listed }) => ({
      ...listed,
      ...(await client.externalClients.get("mesh", id)),
      id,
    })),
  );
  const keys = await client.enrollmentKeys.list();
  return {
    networks: (await client.networks.list()).map((network) => ({ ...network, id: "" })),
    keys: keys.map(({ name, networks, limit, groups }) => [name, networks, limit, groups]).sort(),
    members: nodes
      .filter(({ externalClient }) => !externalClient)
      .map(({ id }) => nameOf(id))
      .sort(),
    gateways: (await client.gateways.list("mesh")).map(
      ({ id, dns, keepalive, mtu, description }) => [
        nameOf(id),
        ...[dns, keepalive, mtu, description],
      ],
    ),
    clients: clients
      .map(({ id, gateway, enabled, dns, extraAllowedIps, publicKey }) => [
        // The gateway's address, which is filled in, follows from the order of joining.
        ...[id, nameOf(gateway), enabled, memberAt(dns) ?? dns, extraAllowedIps],
        publicKey === OWN_KEY,
      ])
      .sort(),
    egresses: egresses.map((egress) => ({
      ...egress,
      id: "",
      nodes: Object.entries(egress.nodes).map(([node, metric]) => [nameOf(node), metric]),
    })),
    rules: rules.map(({ name, from, to, protocol, ports, enabled }) => [
      ...[name, from, protocol, ports, enabled],
      to.map((end) =>
        end.kind === "egress" ? egresses.find(({ id }) => id === end.id)?.name : end,
      ),
    ]),
    records: (await client.dnsRecords.list("mesh")).map(({ name, address }) => [
      name,
      memberAt(address ?? ""),
    ]),
  };
}
