/** An external client: a device with plain WireGuard, which joins through a gateway. */
import { z } from "zod";

import type { AclRule, ExternalClient, NetmakerClient } from "../../api/index.ts";
import { clientIdRefusals } from "../../rules/index.ts";
import { defined, joinId, splitId, type Found, type Kind } from "../kind.ts";

const inputs = z.strictObject({
  clientId: z.string(),
  network: z.string(),
  gateway: z.string(),
  publicKey: z.string().optional(),
  enabled: z.boolean().default(true),
  dns: z.string().default(""),
  extraAllowedIps: z.array(z.string()).default([]),
  postUp: z.string().max(1024).default(""),
  postDown: z.string().max(1024).default(""),
});
type Inputs = z.output<typeof inputs>;

export const externalClient: Kind<Inputs> = {
  inputs,
  replaces: ["clientId", "network", "gateway"],
  stays: ["publicKey"],
  secrets: ["privateKey", "config"],
  changing: ["config"],
  names: { id: "clientId" },
  refusals: ({ clientId = "" }) =>
    clientIdRefusals(clientId).map((refusal) => ({ ...refusal, field: "clientId" })),
  find: (client, given) => look(client, given.network, given.clientId, given),
  create: async (client, given) => {
    const { clientId, network, gateway, ...rest } = given;
    let made = await client.externalClients.create(network, gateway, { id: clientId, ...rest });
    if (!given.enabled) {
      // A new one is let in, whatever was asked for.
      made = await client.externalClients.update(network, clientId, rest);
    }
    return foundAs(client, made, given);
  },
  read: async (client, id, given) => {
    const { network, own } = splitId(id);
    return look(client, network, own, given);
  },
  update: async (client, id, given) => {
    const { network, own } = splitId(id);
    const rules = await client.aclRules.list(network);
    await client.externalClients.update(network, own, given);
    await restoreRules(client, network, own, rules);
    const changed = await look(client, network, own, given);
    if (changed === undefined) {
      throw new Error(`the client ${own} is gone: pulumi refresh, then up makes it anew`);
    }
    return changed;
  },
  delete: (client, id) => {
    const { network, own } = splitId(id);
    return client.externalClients.delete(network, own);
  },
};

/** A change takes the client out of every rule that names it, and rules that name nobody else away. */
async function restoreRules(
  client: NetmakerClient,
  network: string,
  own: string,
  before: readonly AclRule[],
): Promise<void> {
  const names = ({ from, to }: AclRule): boolean =>
    [...from, ...to].some((end) => end.kind === "device" && end.id === own);
  for (const rule of before.filter(names)) {
    const args = { ...rule, protocol: protocolOf(rule) };
    const left = await client.aclRules.get(network, rule.id);
    await (left === undefined
      ? client.aclRules.create(args)
      : client.aclRules.update(rule.id, args));
  }
}

/** The protocol of a rule, as it has to be written to be had again. */
export function protocolOf({ protocol }: AclRule): "all" | "tcp" | "udp" | "icmp" {
  return protocol === "tcp" || protocol === "udp" || protocol === "icmp" ? protocol : "all";
}

async function look(
  client: NetmakerClient,
  network: string,
  id: string,
  given: Partial<Inputs> | undefined,
): Promise<Found | undefined> {
  const found = await client.externalClients.get(network, id);
  return found?.network === network ? foundAs(client, found, given) : undefined;
}

async function foundAs(
  client: NetmakerClient,
  found: ExternalClient,
  given: Partial<Inputs> | undefined,
): Promise<Found> {
  const { id, network, gateway, enabled, dns, extraAllowedIps, postUp, postDown } = found;
  // A pair that the server made is no input.
  const ownKey = given === undefined ? found.privateKey === undefined : "publicKey" in given;
  const publicKey = ownKey ? found.publicKey : undefined;
  return {
    id: joinId(network, id),
    inputs: defined({
      ...{ clientId: id, network, gateway, publicKey },
      ...{ enabled, dns, extraAllowedIps, postUp, postDown },
    }),
    outputs: {
      address: found.address,
      address6: found.address6,
      endpoint: found.endpoint,
      privateKey: found.privateKey,
      config: await client.externalClients.config(network, id),
    },
  };
}
