/** A network: a range of addresses, and the members that have one of it. */
import { z } from "zod";

import type { Network } from "../../api/index.ts";
import { networkRefusals, parseRange } from "../../rules/index.ts";
import { onlyGiven, type Found, type Kind } from "../kind.ts";

const inputs = z.strictObject({
  name: z.string(),
  addressRange: z.string().optional(),
  addressRange6: z.string().optional(),
  keepalive: z.int().positive().default(20),
  mtu: z.int().min(576).max(65535).default(1280),
  removeAfter: z.int().positive().optional(),
  removeTags: z.array(z.string()).default([]),
});
type Inputs = z.output<typeof inputs>;

export const network: Kind<Inputs> = {
  inputs,
  // The server keeps everything else as it was made, and says nothing.
  replaces: ["name", "addressRange", "addressRange6", "keepalive", "mtu"],
  refusals: (given) => networkRefusals(given),
  find: async (client, given) => {
    const found = await client.networks.get(given.name);
    return found && foundAs(found, given);
  },
  create: async (client, given) => foundAs(await client.networks.create(given), given),
  read: async (client, id, given) => {
    const found = await client.networks.get(id);
    return found && foundAs(found, given);
  },
  update: async (client, id, given) => foundAs(await client.networks.update(id, given), given),
  delete: (client, id) => client.networks.delete(id),
};

function foundAs(found: Network, given: Partial<Inputs> | undefined): Found {
  const { id, ...actual } = found;
  const ranges = {
    addressRange: asGiven(given?.addressRange, actual.addressRange),
    addressRange6: asGiven(given?.addressRange6, actual.addressRange6),
  };
  return {
    id: found.name,
    inputs: onlyGiven({ ...actual, ...ranges }, undefined, []),
    outputs: { networkId: id },
  };
}

/** A range as the program wrote it where the server holds the same one by its first address. */
export function asGiven(given: string | undefined, actual: string | undefined): string | undefined {
  const [one, other] = [parseRange(given ?? ""), parseRange(actual ?? "")];
  const same =
    one !== undefined &&
    other !== undefined &&
    one.family === other.family &&
    one.prefix === other.prefix &&
    one.first === other.first;
  return same ? given : actual;
}
