/** An egress: a range outside a network that its members reach through one of them. */
import { z } from "zod";

import type { Egress, NetmakerClient } from "../../api/index.ts";
import { overlappingRanges, parseRange, type Refusal } from "../../rules/index.ts";
import { defined, joinId, splitId, type Found, type Kind } from "../kind.ts";
import { asGiven } from "./network.ts";

const inputs = z.strictObject({
  name: z.string().min(1),
  network: z.string(),
  range: z.string(),
  node: z.string(),
  metric: z.int().min(1).max(999).default(256),
  nat: z.boolean().default(true),
  description: z.string().default(""),
  enabled: z.boolean().default(true),
});
type Inputs = z.output<typeof inputs>;

export const egress: Kind<Inputs> = {
  inputs,
  replaces: ["network"],
  refusals: ({ range = "" }) => rangeRefusals(range),
  find: async (client, given) => {
    const all = await client.egresses.list(given.network);
    const found = all.find(({ name }) => name === given.name);
    return found && foundAs(found, given);
  },
  create: async (client, given) => {
    await refuseOverlap(client, given, undefined);
    const made = await client.egresses.create(given);
    // The server enables a new one, whatever was requested.
    return foundAs(given.enabled ? made : await client.egresses.update(made.id, given), given);
  },
  read: async (client, id, given) => {
    const { network, own } = splitId(id);
    const found = await client.egresses.get(network, own);
    return found && foundAs(found, given);
  },
  update: async (client, id, given) => {
    const { own } = splitId(id);
    await refuseOverlap(client, given, own);
    return foundAs(await client.egresses.update(own, given), given);
  },
  delete: (client, id) => client.egresses.delete(splitId(id).own),
};

function rangeRefusals(range: string): Refusal[] {
  return parseRange(range) === undefined
    ? [{ field: "range", rule: "must be a range", fix: "write it like 10.10.0.0/16" }]
    : [];
}

/**
 * The community edition routes what overlaps to whichever member comes first, so it is refused here.
 *
 * @throws Error naming what the range overlaps with
 */
async function refuseOverlap(
  client: NetmakerClient,
  given: Inputs,
  own: string | undefined,
): Promise<void> {
  const [network, all] = await Promise.all([
    client.networks.get(given.network),
    client.egresses.list(given.network),
  ]);
  const mine = `this egress (${given.range})`;
  const ranges: Record<string, string> = { [mine]: given.range };
  for (const range of [network?.addressRange, network?.addressRange6]) {
    if (range !== undefined) {
      ranges[`the network ${given.network} (${range})`] = range;
    }
  }
  for (const { id, name, range } of all) {
    if (id !== own && range !== "") {
      ranges[`the egress ${name} (${range})`] = range;
    }
  }
  const others = overlappingRanges(ranges)
    .filter(({ one, other }) => one === mine || other === mine)
    .map(({ one, other }) => (one === mine ? other : one));
  if (others.length > 0) {
    throw new Error(
      `range: ${mine} overlaps ${others.join(" and ")}; choose ranges that share no address`,
    );
  }
}

function foundAs(found: Egress, given: Partial<Inputs> | undefined): Found {
  const { id, name, network, nat, enabled, description } = found;
  const [node, metric] = Object.entries(found.nodes)[0] ?? [];
  const range = asGiven(given?.range, found.range);
  return {
    id: joinId(network, id),
    inputs: defined({ name, network, range, node, metric, nat, enabled, description }),
    outputs: { egressId: id },
  };
}
