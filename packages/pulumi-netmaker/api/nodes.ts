/**
 * Nodes: the members of a network. A host has one in each network it is in; external clients are
 * listed among them. API: controllers/node.go, models/api_node.go.
 */
import { z } from "zod";

import { bare, list } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { NetmakerError, type FieldRules } from "./error.ts";
import { path } from "./path.ts";

/** A member as the server holds it. */
export interface Node {
  readonly id: string;
  /** The machine it belongs to. */
  readonly hostId: string;
  readonly network: string;
  /** With the network's prefix length: `10.101.0.1/16`. */
  readonly address: string | undefined;
  readonly address6: string | undefined;
  /** Whether the member takes part; can be switched off. */
  readonly connected: boolean;
  /** Marked for deletion, until the host has left. */
  readonly pendingDelete: boolean;
  readonly isGateway: boolean;
  /** The gateway that relays for this member, by its node's id. */
  readonly relayedBy: string | undefined;
  /** `online`, `offline`, `warning`, `error`, `unknown` or `disconnected`. */
  readonly status: string;
  /** Time of the host's last check-in. */
  readonly lastCheckIn: Date;
  /** Id of the external client that this entry stands for; unset for a host's membership. */
  readonly externalClient: string | undefined;
}

/** The API replaces a node as a whole: what this library does not know is sent back as it came. */
export const rawNode = z.looseObject({
  id: z.string(),
  hostid: z.string(),
  network: z.string(),
  address: z.string(),
  address6: z.string(),
  connected: z.boolean(),
  pendingdelete: z.boolean(),
  is_gw: z.boolean(),
  relayedby: z.string(),
  status: z.string(),
  lastcheckin: z.number(),
  is_static: z.boolean(),
  static_node: z.looseObject({ clientid: z.string() }),
  isinternetgateway: z.boolean(),
  ingressdns: z.string(),
  ingresspersistentkeepalive: z.number(),
  ingressmtu: z.number(),
  metadata: z.string(),
});
export type RawNode = z.output<typeof rawNode>;

/** Milliseconds; as a rule it takes some hundredths of a second. */
const JOINING = 3_000;

/** Of a host's record, what says where it is a member. */
const membership = z.object({ id: z.string(), nodes: list(z.string()) });

export function nodeOf(from: RawNode): Node {
  return {
    id: from.id,
    hostId: from.hostid,
    network: from.network,
    address: from.address || undefined,
    address6: from.address6 || undefined,
    connected: from.connected,
    pendingDelete: from.pendingdelete,
    isGateway: from.is_gw,
    relayedBy: from.relayedby || undefined,
    status: from.status,
    lastCheckIn: new Date(from.lastcheckin * 1000),
    externalClient: from.is_static ? from.static_node.clientid : undefined,
  };
}

export const NODE_RULES: FieldRules = [
  [/network url param/, "network"],
  [/fetching node/, "node"],
  [/ip specified/, "address"],
  [/relay/, "node"],
  [/linux/, "node"],
];

export class Nodes {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Every member of a network; none for an unknown network. */
  async list(network: string): Promise<Node[]> {
    return (await this.listRaw(network)).map(nodeOf);
  }

  /** A host's membership by its id; undefined when there is none. */
  async get(network: string, id: string): Promise<Node | undefined> {
    const found = await this.getRaw(network, id);
    return found === undefined ? undefined : nodeOf(found);
  }

  /** A host's membership of a network; undefined when it is none. */
  async ofHost(network: string, hostId: string): Promise<Node | undefined> {
    return (await this.list(network)).find((node) => node.hostId === hostId);
  }

  /**
   * Waits until a host has become a member, and its own record names the membership. After an enrolment the
   * server first adds the node, then writes the host's record as it was at the enrolment: what is changed on
   * the host in between is lost.
   */
  waitForHost(network: string, hostId: string): Promise<Node> {
    return this.#connection.waitFor(`host ${hostId} a member of ${network}`, async () => {
      const node = await this.ofHost(network, hostId);
      const known = node !== undefined && (await this.#memberships(hostId)).includes(node.id);
      return known ? node : undefined;
    });
  }

  /**
   * Whether a host that has just enrolled becomes a member by its key, for which some seconds are waited: whoever
   * made it a member meanwhile would give it two nodes.
   */
  async isJoined(network: string, hostId: string): Promise<boolean> {
    try {
      return await this.#connection.waitFor(
        `host ${hostId} a member of ${network}`,
        async () => ((await this.ofHost(network, hostId)) === undefined ? undefined : true),
        JOINING,
      );
    } catch (error) {
      if (error instanceof NetmakerError && error.kind === "timeout" && error.path === "") {
        return false;
      }
      throw error;
    }
  }

  async #memberships(hostId: string): Promise<readonly string[]> {
    const hosts = await this.#connection.send({
      method: "GET",
      path: path`/api/hosts`,
      read: bare(list(membership)),
    });
    return hosts.find(({ id }) => id === hostId)?.nodes ?? [];
  }

  /** Connects or disconnects a member; it keeps its address. */
  async setConnected(network: string, id: string, connected: boolean): Promise<Node> {
    return nodeOf(await this.updateRaw(network, id, { connected }));
  }

  /** @internal */
  listRaw(network: string): Promise<RawNode[]> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/nodes/${network}`,
      read: bare(list(rawNode)),
    });
  }

  /**
   * Not by its own path, which takes a host's token or the master key but no user's.
   *
   * @internal
   */
  async getRaw(network: string, id: string): Promise<RawNode | undefined> {
    return (await this.listRaw(network)).find((node) => node.id === id && !node.is_static);
  }

  /** @internal */
  async updateRaw(network: string, id: string, changes: Partial<RawNode>): Promise<RawNode> {
    const route = path`/api/nodes/${network}/${id}`;
    const current = await this.getRaw(network, id);
    if (current === undefined) {
      const reason = "no such node: record not found";
      throw new NetmakerError({ kind: "refused", method: "PUT", path: route.shown, reason });
    }
    return await this.#connection.send({
      method: "PUT",
      path: route,
      body: { ...current, ...changes },
      read: bare(rawNode),
      rules: NODE_RULES,
    });
  }
}
