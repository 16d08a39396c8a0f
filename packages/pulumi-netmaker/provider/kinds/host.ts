/**
 * A host's membership of a network. A host registers itself with an enrolment key; this resource waits
 * for it, changes its settings, and removes it from the network on deletion.
 */
import type { Properties } from "@fogline/pulumi-kit/values";
import { z } from "zod";

import { NetmakerError, type Host, type NetmakerClient, type Node } from "../../api/index.ts";
import { joinId, splitId, type Found, type Kind } from "../kind.ts";
import { forgettingRules } from "../rules-of-clients.ts";

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
  // The provider never creates one: it adopts the host that it waited for.
  find: () => Promise.resolve(undefined),
  create: async (client, given) => {
    const found = await client.hosts.waitFor(given.name);
    await join(client, found, given.network);
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
    const node = await client.nodes.ofHost(network, own);
    const going = node === undefined ? [] : [node.id];
    await forgettingRules(client, network, going, () => client.hosts.leave(own, network));
    const left = await client.hosts.get(own);
    if (left?.nodes.length === 0) {
      await client.hosts.delete(own);
    }
  },
};

/** Adds a host that its key did not make a member, or that was removed by hand. */
async function join(client: NetmakerClient, { id, nodes }: Host, network: string): Promise<void> {
  if ((await client.nodes.ofHost(network, id)) !== undefined) {
    return;
  }
  if (nodes.length === 0 && (await client.nodes.isJoined(network, id))) {
    return;
  }
  try {
    await client.hosts.join(id, network);
  } catch (error) {
    // The server may be joining it by its key at this moment.
    if (!(error instanceof NetmakerError && /already part of/.test(error.reason))) {
      throw error;
    }
  }
}

/** Sets what differs, and nothing else: every change is sent to every peer. */
async function settle(client: NetmakerClient, found: Host, given: Inputs): Promise<Host> {
  const wanted = settingsOf(given);
  const differs = Object.entries(wanted).some(
    ([key, value]) => value !== undefined && found[key as keyof typeof wanted] !== value,
  );
  return differs ? client.hosts.update(found.id, wanted) : found;
}

function settingsOf(of: Inputs | Host): Omit<Inputs, "name" | "network"> {
  const { endpointIp, isStatic, listenPort, isStaticPort, mtu, keepalive } = of;
  return { endpointIp, isStatic, listenPort, isStaticPort, mtu, keepalive };
}

function foundAs(found: Host, node: Node, given: Partial<Inputs> | undefined): Found {
  return {
    id: joinId(node.network, found.id),
    inputs: { name: found.name, network: node.network, ...onlyGiven(settingsOf(found), given) },
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

/** Settings that the program gave; what the others are is between host and server. */
function onlyGiven(settings: Properties, given: Partial<Inputs> = {}): Properties {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => key in given));
}
