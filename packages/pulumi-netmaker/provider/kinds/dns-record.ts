/** A DNS record of a network, beside those that the server makes for its members. */
import { z } from "zod";

import type { DnsRecord } from "../../api/index.ts";
import { recordNameRefusals, type Refusal } from "../../rules/index.ts";
import { defined, joinId, splitId, type Found, type Kind } from "../kind.ts";

const inputs = z.strictObject({
  name: z.string(),
  network: z.string(),
  address: z.ipv4().optional(),
  address6: z.ipv6().optional(),
});
type Inputs = z.output<typeof inputs>;

export const dnsRecord: Kind<Inputs> = {
  inputs,
  // The API has no call to change one.
  replaces: ["name", "network", "address", "address6"],
  refusals: (known) => [...recordNameRefusals(known.name ?? ""), ...addressRefusals(known)],
  find: async (client, given) => {
    const found = await client.dnsRecords.get(given.network, given.name);
    return found && foundAs(found);
  },
  create: async (client, given) => foundAs(await client.dnsRecords.create(given)),
  read: async (client, id) => {
    const { network, own } = splitId(id);
    const found = await client.dnsRecords.get(network, own);
    return found && foundAs(found);
  },
  delete: (client, id) => {
    const { network, own } = splitId(id);
    return client.dnsRecords.delete(network, own);
  },
};

/** The server would keep a record that answers nothing. */
function addressRefusals({ address, address6 }: Partial<Inputs>): Refusal[] {
  return address === undefined && address6 === undefined
    ? [{ field: "address", rule: "is missing", fix: "give address, address6 or both" }]
    : [];
}

function foundAs(found: DnsRecord): Found {
  const { name, network, address, address6 } = found;
  return {
    id: joinId(network, name),
    inputs: defined({ name, network, address, address6 }),
    outputs: { domainName: found.domainName },
  };
}
