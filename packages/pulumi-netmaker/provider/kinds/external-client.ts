/** An external client: a device with plain WireGuard, which joins through a gateway. */
import { z } from "zod";

import type { ExternalClient, NetmakerClient } from "../../api/index.ts";
import { clientIdRefusals } from "../../rules/index.ts";
import { defined, joinId, splitId, type Found, type Kind } from "../kind.ts";
import { finishChange, forgettingRules, keepingRules } from "../rules-of-clients.ts";
import { isFilledIn } from "./gateway.ts";

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
      // The server enables a new one, whatever was requested.
      made = await client.externalClients.update(network, clientId, rest);
    }
    return foundAs(client, made, given);
  },
  read: async (client, id, given) => {
    const { network, own } = splitId(id);
    await finishChange(client, network, own);
    return look(client, network, own, given);
  },
  update: async (client, id, given) => {
    const { network, own } = splitId(id);
    await keepingRules(client, network, own, () =>
      client.externalClients.update(network, own, given),
    );
    const changed = await look(client, network, own, given);
    if (changed === undefined) {
      throw new Error(`the client ${own} is gone: pulumi refresh, then up makes it anew`);
    }
    return changed;
  },
  delete: (client, id) => {
    const { network, own } = splitId(id);
    return forgettingRules(client, network, [own], () =>
      client.externalClients.delete(network, own),
    );
  },
};

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
  const { id, network, gateway, enabled, extraAllowedIps } = found;
  // A pair that the server made is no input.
  const ownKey = given === undefined ? found.privateKey === undefined : "publicKey" in given;
  const publicKey = ownKey ? found.publicKey : undefined;
  return {
    id: joinId(network, id),
    inputs: defined({
      ...{ clientId: id, network, gateway, publicKey },
      ...{ enabled, dns: await dnsOf(client, found, given?.dns), extraAllowedIps },
      postUp: linesAsGiven(given?.postUp, found.postUp),
      postDown: linesAsGiven(given?.postDown, found.postDown),
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

/** A server that manages DNS names the gateway where nothing is given, which is the default. */
async function dnsOf(
  client: NetmakerClient,
  { network, gateway, dns }: ExternalClient,
  given: string | undefined,
): Promise<string> {
  if (dns === "" || dns === given) {
    return dns;
  }
  const through = await client.gateways.get(network, gateway);
  return through !== undefined && isFilledIn(dns, through) ? "" : dns;
}

/** The server keeps line ends in one form. */
function linesAsGiven(given: string | undefined, actual: string): string {
  return given?.replaceAll("\r\n", "\n") === actual ? given : actual;
}
