/**
 * A host's membership of a network. A host comes by itself, with an enrolment key; this resource waits
 * for it, sets what is to be set, and takes it out of the network again.
 */
import { z } from "zod";

import type { Host, NetmakerClient, Node } from "../../api/index.ts";
import { joinId, onlyGiven, splitId, type Found, type Kind } from "../kind.ts";

const inputs = z.strictObject({
  name: z.string().min(1),
  network: z.string(),
  endpointIp: z.string().optional(),
  isStatic: z.boolean().optional(),
  listenPort: z.int().min(1).max(65535).optional(),
  isStaticPort: z.boolean().optional(),
  mtu: z.int().min(576).max(65535).optional(),
  keepalive: z.int().positive().optional(),
});
type Inputs = z.output<typeof inputs>;

export const host: Kind<Inputs> = {
  inputs,
  replaces: ["name", "network"],
  // It is never made here: what stands is what was waited for.
  find: () => Promise.resolve(undefined),
  create: async (client, given) => {
    const found = await client.hosts.waitFor(given.name);
    const node = await client.nodes.waitForHost(given.network, found.id);
    return foundAs(await settle(client, found, given), node, given);
  },
  read: async (client, id, given) => {
    const { network, own } = splitId(id);
    const found = await client.hosts.get(own);
    const node = found && (await client.nodes.ofHost(network, own));
    return found && node && foundAs(found, node, given);
  },
  update: async (client, id, given) => {
    const { network, own } = splitId(id);
    const node = await client.nodes.waitForHost(network, own);
    const found = await client.hosts.get(own);
    if (found === undefined) {
      throw new Error(`the host ${given.name} is gone: pulumi refresh, then up waits for it anew`);
    }
    return foundAs(await settle(client, found, given), node, given);
  },
  delete: async (client, id) => {
    const { network, own } = splitId(id);
    await client.hosts.leave(own, network);
    const left = await client.hosts.get(own);
    if (left?.nodes.length === 0) {
      await client.hosts.delete(own);
    }
  },
};

/** Sets what differs, and nothing else: every change is told to every peer. */
async function settle(client: NetmakerClient, found: Host, given: Inputs): Promise<Host> {
  const { endpointIp, isStatic, listenPort, isStaticPort, mtu, keepalive } = given;
  const wanted = { endpointIp, isStatic, listenPort, isStaticPort, mtu, keepalive };
  const differs = Object.entries(wanted).some(
    ([key, value]) => value !== undefined && found[key as keyof typeof wanted] !== value,
  );
  return differs ? client.hosts.update(found.id, wanted) : found;
}

function foundAs(found: Host, node: Node, given: Partial<Inputs> | undefined): Found {
  const { name, endpointIp, isStatic, listenPort, isStaticPort, mtu, keepalive } = found;
  const settings = { endpointIp, isStatic, listenPort, isStaticPort, mtu, keepalive };
  return {
    id: joinId(node.network, found.id),
    inputs: onlyGiven({ name, network: node.network, ...settings }, given ?? {}, [
      "name",
      "network",
    ]),
    outputs: {
      hostId: found.id,
      nodeId: node.id,
      address: node.address,
      address6: node.address6,
      publicKey: found.publicKey,
      version: found.version,
    },
  };
}
