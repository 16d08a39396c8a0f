/** A gateway: the member through which external clients reach a network. */
import { z } from "zod";

import type { Gateway } from "../../api/index.ts";
import { joinId, onlyGiven, splitId, type Found, type Kind } from "../kind.ts";

const inputs = z.strictObject({
  network: z.string(),
  node: z.string(),
  dns: z.string().optional(),
  keepalive: z.int().positive().default(20),
  mtu: z.int().min(576).max(65535).default(1420),
  internet: z.boolean().default(false),
  description: z.string().optional(),
});
type Inputs = z.output<typeof inputs>;

export const gateway: Kind<Inputs> = {
  inputs,
  replaces: ["network", "node"],
  find: async (client, given) => {
    const found = await client.gateways.get(given.network, given.node);
    return found && foundAs(found, given);
  },
  create: async (client, given) =>
    foundAs(await client.gateways.create(given.network, given.node, given), given),
  read: async (client, id, given) => {
    const { network, own } = splitId(id);
    const found = await client.gateways.get(network, own);
    return found && foundAs(found, given);
  },
  update: async (client, id, given) => {
    const { network, own } = splitId(id);
    return foundAs(await client.gateways.update(network, own, given), given);
  },
  delete: (client, id) => {
    const { network, own } = splitId(id);
    return client.gateways.delete(network, own);
  },
};

function foundAs(found: Gateway, given: Partial<Inputs> | undefined): Found {
  const { network, id, dns, keepalive, mtu, internet, description } = found;
  const always = ["network", "node", "keepalive", "mtu", "internet"];
  const actual = { network, node: id, dns, keepalive, mtu, internet, description };
  return {
    id: joinId(network, id),
    inputs: onlyGiven(actual, given, always),
    outputs: { address: found.address, address6: found.address6 },
  };
}
