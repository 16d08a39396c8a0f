/** A gateway: the member through which external clients reach a network. */
import { z } from "zod";

import type { Gateway } from "../../api/index.ts";
import { joinId, splitId, type Found, type Kind } from "../kind.ts";
import { forgettingRules } from "../rules-of-clients.ts";

/** What the server writes where nothing is given (logic/gateway.go). */
const DESCRIPTION = "This host can be used for remote access";

/** What it writes as name server of a gateway to the internet where none is given. */
const INTERNET_NAME_SERVER = "1.1.1.1";

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
  delete: async (client, id) => {
    const { network, own } = splitId(id);
    const clients = await client.externalClients.list(network);
    // They are deleted with it.
    const going = clients.filter(({ gateway: through }) => through === own).map((each) => each.id);
    await forgettingRules(client, network, going, () => client.gateways.delete(network, own));
  },
};

function foundAs(found: Gateway, given: Partial<Inputs> | undefined): Found {
  const { network, id, keepalive, mtu, internet, description, address, address6 } = found;
  return {
    id: joinId(network, id),
    inputs: {
      ...{ network, node: id, dns: dnsOf(found, given?.dns), keepalive, mtu, internet },
      // The server has a text of its own where none is given.
      description: given?.description === "" && description === DESCRIPTION ? "" : description,
    },
    outputs: { address, address6 },
  };
}

/** Name servers that the server writes where nothing is given, which is the default. */
function dnsOf(found: Gateway, given: string | undefined): string {
  const filled =
    isFilledIn(found.dns, found) || (found.internet && found.dns === INTERNET_NAME_SERVER);
  return filled && found.dns !== given ? "" : found.dns;
}

/** Whether name servers are the gateway itself, as a server that manages names fills them in. */
export function isFilledIn(dns: string, { address, address6 }: Gateway): boolean {
  const own = [address, address6].map((range) => range?.split("/")[0]);
  return dns !== "" && dns.split(",").every((server) => own.includes(server.trim()));
}
