/** An ACL rule: who in a network may reach whom. */
import { z } from "zod";

import type { AclRule, NetmakerClient } from "../../api/index.ts";
import type { Refusal } from "../../rules/index.ts";
import { joinId, splitId, type Found, type Kind } from "../kind.ts";
import { finishChange, inTurn, protocolOf } from "../rules-of-clients.ts";

const end = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("everyone") }),
  z.strictObject({ kind: z.literal("gateways") }),
  z.strictObject({ kind: z.literal("device"), id: z.string() }),
  z.strictObject({ kind: z.literal("egress"), id: z.string() }),
]);
const inputs = z.strictObject({
  name: z.string().min(1),
  network: z.string(),
  from: z.array(end).min(1),
  to: z.array(end).min(1),
  protocol: z.enum(["all", "tcp", "udp", "icmp"]).default("all"),
  ports: z.array(z.string().regex(/^\d{1,5}(-\d{1,5})?$/)).default([]),
  enabled: z.boolean().default(true),
});
type Inputs = z.output<typeof inputs>;

export const aclRule: Kind<Inputs> = {
  inputs,
  replaces: ["network"],
  refusals: ({ protocol = "all", ports = [] }) => portRefusals(protocol, ports),
  find: async (client, given) => {
    const found = await client.aclRules.find(given.network, given.name);
    return found && foundAs(found);
  },
  create: (client, given) =>
    inTurn(client, async () => foundAs(await client.aclRules.create(given))),
  read: async (client, id, given) => {
    const { network, own } = splitId(id);
    const found = await standing(client, network, own, given?.name);
    if (found !== undefined || given === undefined) {
      return found && foundAs(found);
    }
    // The change of a client that was in it may have been cut off.
    await finishChange(client, network);
    const back = await standing(client, network, own, given.name);
    return back && foundAs(back);
  },
  update: (client, id, given) =>
    inTurn(client, async () => {
      const { network, own } = splitId(id);
      const found = await standing(client, network, own, given.name);
      return foundAs(
        await (found === undefined
          ? client.aclRules.create(given)
          : client.aclRules.update(found.id, given)),
      );
    }),
  delete: (client, id) => inTurn(client, () => client.aclRules.delete(splitId(id).own)),
};

/** With `all` the server drops ports, and every port would be open. */
function portRefusals(protocol: Inputs["protocol"], ports: readonly string[]): Refusal[] {
  return ports.length === 0 || protocol === "tcp" || protocol === "udp"
    ? []
    : [{ field: "ports", rule: `cannot be given with ${protocol}`, fix: "choose tcp or udp" }];
}

/** Where a client is changed, its rules may come back under ids of their own. */
async function standing(
  client: NetmakerClient,
  network: string,
  own: string,
  name: string | undefined,
): Promise<AclRule | undefined> {
  const found = await client.aclRules.get(network, own);
  return found ?? (name === undefined ? undefined : client.aclRules.find(network, name));
}

function foundAs(found: AclRule): Found {
  const { id, name, network, from, to, ports, enabled } = found;
  return {
    id: joinId(network, id),
    inputs: { name, network, from, to, protocol: protocolOf(found), ports, enabled },
    outputs: { ruleId: id },
  };
}
