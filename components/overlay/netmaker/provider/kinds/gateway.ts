/** A gateway: the member through which external clients reach a network. */
import { z } from "zod";

import type { Gateway } from "../../api/index.ts";
import { joinId, splitId, type Found, type Kind } from "../kind.ts";

/** What the server writes where nothing is given (logic/gateway.go). */
const DESCRIPTION = "This host can be used for remote access";

const inputs = z.strictObject({
  network: z.string(),
  node: z.string(),
  dns: z.string().default(""),
  keepalive: z.int().positive().default(20),
  mtu: z.int().min(576).max(65535).default(1420),
  internet: z.boolean().default(false),
  description: z.string().default(DESCRIPTION),
});
type Inputs = z.output<typeof inputs>;

export const gateway: Kind<Inputs> = {
  inputs,
  replaces: ["network", "node"],
  find: async (client, given) => {
    const found = await client.gateways.get(given.network, given.node);
    return found && foundAs(found);
  },
  create: async (client, given) =>
    foundAs(await client.gateways.create(given.network, given.node, given)),
  read: async (client, id) => {
    const { network, own } = splitId(id);
    const found = await client.gateways.get(network, own);
    return found && foundAs(found);
  },
  update: async (client, id, given) => {
    const { network, own } = splitId(id);
    return foundAs(await client.gateways.update(network, own, given));
  },
  delete: (client, id) => {
    const { network, own } = splitId(id);
    return client.gateways.delete(network, own);
  },
};

function foundAs(found: Gateway): Found {
  const { network, id, keepalive, mtu, internet, description, address, address6 } = found;
  return {
    id: joinId(network, id),
    inputs: { network, node: id, dns: dnsOf(found), keepalive, mtu, internet, description },
    outputs: { address, address6 },
  };
}

/** A gateway that manages DNS names itself where nothing is given, which is the default. */
function dnsOf({ dns, address, address6 }: Gateway): string {
  const own = [address, address6].map((range) => range?.split("/")[0]);
  return dns.split(",").every((server) => own.includes(server.trim())) ? "" : dns;
}
