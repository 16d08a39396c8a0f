/** A network: a range of addresses, and the members that have one of it. */
import { z } from "zod";

import type { AclRule, NetmakerClient, Network } from "../../api/index.ts";
import { networkRefusals, parseRange } from "../../rules/index.ts";
import { defined, type Found, type Kind } from "../kind.ts";
import { protocolOf } from "../rules-of-clients.ts";

const inputs = z.strictObject({
  name: z.string(),
  addressRange: z.string().optional(),
  addressRange6: z.string().optional(),
  keepalive: z.int().positive().default(20),
  mtu: z.int().min(576).max(65535).default(1280),
  removeAfter: z.int().positive().optional(),
  removeTags: z.array(z.string()).default([]),
  defaultRules: z.boolean().default(true),
});
type Inputs = z.output<typeof inputs>;

export const network: Kind<Inputs> = {
  inputs,
  // The server silently ignores changes of everything else.
  replaces: ["name", "addressRange", "addressRange6", "keepalive", "mtu"],
  refusals: (known) => networkRefusals({ name: "", ...known }),
  find: (client, given) => look(client, given.name, given),
  create: async (client, given) => {
    // No such network exists: objects that name it are left over from a former one, and would join this one.
    await client.networks.deleteLeftovers(given.name);
    const made = await client.networks.create(given);
    return foundAs(made, await switchRules(client, given), given);
  },
  read: look,
  update: async (client, id, given) => {
    const changed = await client.networks.update(id, given);
    return foundAs(changed, await switchRules(client, given), given);
  },
  delete: (client, id) => client.networks.delete(id),
};

async function look(
  client: NetmakerClient,
  name: string,
  given: Partial<Inputs> | undefined,
): Promise<Found | undefined> {
  const found = await client.networks.get(name);
  return found && foundAs(found, await defaultRules(client, name), given);
}

/** The rules that came with a network: everyone reaches everyone, and gateways do. */
async function defaultRules(client: NetmakerClient, name: string): Promise<AclRule[]> {
  return (await client.aclRules.list(name)).filter(({ isDefault }) => isDefault);
}

async function switchRules(client: NetmakerClient, given: Inputs): Promise<AclRule[]> {
  const enabled = given.defaultRules;
  const rules = await defaultRules(client, given.name);
  for (const rule of rules.filter((each) => each.enabled !== enabled)) {
    await client.aclRules.update(rule.id, { ...rule, protocol: protocolOf(rule), enabled });
  }
  return rules.map((rule) => ({ ...rule, enabled }));
}

function foundAs(
  { id, ...actual }: Network,
  rules: readonly AclRule[],
  given: Partial<Inputs> | undefined,
): Found {
  const wanted = given?.defaultRules ?? true;
  const same = rules.every(({ enabled }) => enabled === wanted);
  return {
    id: actual.name,
    inputs: defined({
      ...actual,
      addressRange: asGiven(given?.addressRange, actual.addressRange),
      addressRange6: asGiven(given?.addressRange6, actual.addressRange6),
      // One of them that was switched by hand is drift, too.
      defaultRules: same ? wanted : !wanted,
    }),
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
