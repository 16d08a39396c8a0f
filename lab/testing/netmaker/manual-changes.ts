/** What people do by hand on a server that a program declares: each changes one thing, if it is there. */
import type { NetmakerClient } from "@fogline/pulumi-netmaker/api";
import { expect, vi } from "vitest";

import { CONDITION } from "../../../testing/patience.ts";

/** @param n what to change it to, for changes that have a number in them */
export type Manual = (client: NetmakerClient, n: number) => Promise<unknown>;

export const MANUAL: Readonly<Record<string, Manual>> = {
  "delete the network": (client) => client.networks.delete("mesh"),
  "remove silent members": (client, n) =>
    onNetwork(client, () => client.networks.update("mesh", { removeAfter: n + 1 })),
  "switch a default rule": (client, n) =>
    onRule(client, ["mesh.all-nodes", "mesh.all-gateways"][n % 2] ?? "", (rule) =>
      client.aclRules.update(rule.id, { ...rule, protocol: "all", enabled: !rule.enabled }),
    ),
  "delete the key": (client) => onKey(client, ({ value }) => client.enrollmentKeys.delete(value)),
  "put members of the key into a group": (client, n) =>
    onKey(client, ({ value }) => client.enrollmentKeys.update(value, { groups: [`mesh.g${n}`] })),
  "take a host out of the network": (client, n) =>
    onHost(client, n, ({ id }) => client.hosts.leave(id, "mesh")),
  "delete a host": (client, n) =>
    onHost(client, n, ({ id }) => client.hosts.delete(id, { force: true })),
  "make the gateway a plain member": (client) =>
    onGateway(client, ({ id }) => client.gateways.delete("mesh", id)),
  "change the gateway": (client, n) =>
    onGateway(client, ({ id }) =>
      client.gateways.update("mesh", id, { mtu: 1300 + n, keepalive: 30, dns: "10.77.0.9" }),
    ),
  "delete a client": (client, n) =>
    onClient(client, n, ({ id }) => client.externalClients.delete("mesh", id)),
  "shut a client off": (client, n) =>
    onClient(client, n, ({ id }) =>
      client.externalClients.update("mesh", id, { enabled: false, dns: "10.77.0.9" }),
    ),
  "put a range behind a client": (client, n) =>
    onClient(client, n, ({ id }) =>
      client.externalClients.update("mesh", id, { extraAllowedIps: [`192.168.${n}.0/24`] }),
    ),
  "delete the egress": (client) => onEgress(client, ({ id }) => client.egresses.delete(id)),
  "move the egress": (client, n) =>
    onEgress(client, async ({ id, name, network, nodes }) => {
      const [node] = Object.keys(nodes);
      // One whose member is gone is refused.
      await (node &&
        client.egresses.update(id, {
          ...{ name, network, node, range: `10.${n + 20}.0.0/16`, metric: n + 1 },
          ...{ nat: false, enabled: n % 2 === 0, description: "by hand" },
        }));
    }),
  "delete the rule": (client) => onRule(client, "website", ({ id }) => client.aclRules.delete(id)),
  "open the rule's ports": (client, n) =>
    onRule(client, "website", (rule) =>
      client.aclRules.update(rule.id, {
        ...rule,
        ...{ protocol: "tcp", ports: ["80", String(n + 1000)], from: [{ kind: "everyone" }] },
      }),
    ),
  "delete the record": (client) => client.dnsRecords.delete("mesh", "raspberrypi.mesh"),
  "point the record elsewhere": (client, n) =>
    onNetwork(client, () =>
      client.dnsRecords.create({
        name: "raspberrypi.mesh",
        network: "mesh",
        address: `192.0.2.${n}`,
      }),
    ),
};

type Of<T> = T extends (...args: never) => Promise<infer Item | undefined> ? Item : never;
type Element<T> = T extends (...args: never) => Promise<(infer Item)[]> ? Item : never;

async function onNetwork(client: NetmakerClient, change: () => Promise<unknown>): Promise<void> {
  if ((await client.networks.get("mesh")) !== undefined) {
    await change();
  }
}

async function onKey(
  client: NetmakerClient,
  change: (key: Of<NetmakerClient["enrollmentKeys"]["find"]>) => Promise<unknown>,
): Promise<void> {
  const key = await client.enrollmentKeys.find("members");
  await (key && change(key));
}

async function onHost(
  client: NetmakerClient,
  n: number,
  change: (host: Element<NetmakerClient["hosts"]["list"]>) => Promise<unknown>,
): Promise<void> {
  await pick(await client.hosts.list(), n, change);
}

async function onGateway(
  client: NetmakerClient,
  change: (gateway: Element<NetmakerClient["gateways"]["list"]>) => Promise<unknown>,
): Promise<void> {
  await pick(await client.gateways.list("mesh"), 0, change);
}

async function onClient(
  client: NetmakerClient,
  n: number,
  change: (client: Element<NetmakerClient["externalClients"]["list"]>) => Promise<unknown>,
): Promise<void> {
  await pick(await client.externalClients.list("mesh"), n, async (one) => {
    await change(one);
    // The server takes it out of its rules by and by.
    await client.aclRules.waitUntilForgotten("mesh", [one.id]);
  });
}

/** Waits until the server has forgotten what is gone, as a person at the keyboard does without knowing it. */
export async function settled(client: NetmakerClient): Promise<void> {
  await vi.waitFor(async () => {
    if ((await client.networks.get("mesh")) === undefined) {
      return;
    }
    const nodes = (await client.nodes.list("mesh")).map(({ id }) => id);
    const clients = (await client.externalClients.list("mesh")).map(({ id }) => id);
    const named = (await client.aclRules.list("mesh"))
      .flatMap(({ from, to }) => [...from, ...to])
      .flatMap((end) => (end.kind === "device" ? [end.id] : []));
    const routing = (await client.egresses.list("mesh")).flatMap((egress) =>
      Object.keys(egress.nodes),
    );
    expect([...nodes, ...clients]).toEqual(expect.arrayContaining([...named, ...routing]));
  }, CONDITION);
}

async function onEgress(
  client: NetmakerClient,
  change: (egress: Element<NetmakerClient["egresses"]["list"]>) => Promise<unknown>,
): Promise<void> {
  await pick(await client.egresses.list("mesh"), 0, change);
}

async function onRule(
  client: NetmakerClient,
  name: string,
  change: (rule: Element<NetmakerClient["aclRules"]["list"]>) => Promise<unknown>,
): Promise<void> {
  await onNetwork(client, async () => {
    const rules = await client.aclRules.list("mesh");
    await pick(
      rules.filter((rule) => rule.id === name || rule.name === name),
      0,
      change,
    );
  });
}

async function pick<T>(
  all: readonly T[],
  n: number,
  change: (one: T) => Promise<unknown>,
): Promise<void> {
  const one = all[n % Math.max(1, all.length)];
  await (one && change(one));
}
