/**
 * Gateways: members through which external clients and relayed members reach a network.
 * API: controllers/gateway.go, logic/gateway.go, models/gateway.go.
 */
import { bare, nothing } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { NetmakerError } from "./error.ts";
import { NODE_RULES, nodeOf, rawNode, type Node, type Nodes, type RawNode } from "./nodes.ts";
import { path } from "./path.ts";

/** Settings of a gateway. */
export interface GatewayArgs {
  /** Name servers of external clients, comma-separated. Default: the gateway itself, if it manages DNS. */
  readonly dns?: string | undefined;
  /** Seconds between keepalives of external clients. Default 20. */
  readonly keepalive?: number | undefined;
  /** Bytes, for external clients. Default 1420. */
  readonly mtu?: number | undefined;
  /** Whether external clients reach the internet through it. Default false. */
  readonly internet?: boolean | undefined;
  /** Description. Default: the server's. */
  readonly description?: string | undefined;
}

/** A gateway as the server holds it. */
export interface Gateway extends Node {
  readonly dns: string;
  readonly keepalive: number;
  readonly mtu: number;
  readonly internet: boolean;
  readonly description: string;
}

function gatewayOf(raw: RawNode): Gateway {
  return {
    ...nodeOf(raw),
    dns: raw.ingressdns,
    keepalive: raw.ingresspersistentkeepalive,
    mtu: raw.ingressmtu,
    internet: raw.isinternetgateway,
    description: raw.metadata,
  };
}

export class Gateways {
  readonly #connection: Connection;
  readonly #nodes: Nodes;

  constructor(connection: Connection, nodes: Nodes) {
    this.#connection = connection;
    this.#nodes = nodes;
  }

  /** Every gateway of a network. */
  async list(network: string): Promise<Gateway[]> {
    return (await this.#nodes.listRaw(network))
      .filter((node) => node.is_gw && !node.is_static)
      .map(gatewayOf);
  }

  /** The gateway on a node; undefined when there is no such node or it is none. */
  async get(network: string, node: string): Promise<Gateway | undefined> {
    return (await this.list(network)).find((gateway) => gateway.id === node);
  }

  /**
   * Makes a member a gateway.
   *
   * @throws NetmakerError 400 for an unknown node; 500 for one that is a gateway already, or whose
   * host does not run Linux
   */
  create(network: string, node: string, args: GatewayArgs = {}): Promise<Gateway> {
    return this.#connection.send({
      method: "POST",
      path: path`/api/nodes/${network}/${node}/gateway`,
      body: {
        extclientdns: args.dns ?? "",
        persistentkeepalive: args.keepalive ?? 0,
        mtu: args.mtu ?? 0,
        is_internet_gw: args.internet ?? false,
        metadata: args.description ?? "",
      },
      read: (body) => gatewayOf(bare(rawNode)(body)),
      rules: NODE_RULES,
    });
  }

  /** Changes a gateway's settings; what is not given stays. Its clients stay connected. */
  async update(network: string, node: string, args: GatewayArgs): Promise<Gateway> {
    const current = await this.get(network, node);
    if (current === undefined) {
      throw new NetmakerError({
        kind: "refused",
        method: "PUT",
        path: path`/api/nodes/${network}/${node}`.shown,
        reason: "no such gateway: record not found",
      });
    }
    const updated = await this.#nodes.updateRaw(network, node, {
      ingressdns: args.dns ?? current.dns,
      ingresspersistentkeepalive: args.keepalive ?? current.keepalive,
      ingressmtu: args.mtu ?? current.mtu,
      isinternetgateway: args.internet ?? current.internet,
      metadata: args.description ?? current.description,
    });
    return gatewayOf(updated);
  }

  /**
   * Makes a gateway a plain member again. **Its external clients are deleted with it.** No error for
   * an unknown node or one that is no gateway.
   */
  async delete(network: string, node: string): Promise<void> {
    await this.#connection.sendIfPresent({
      method: "DELETE",
      path: path`/api/nodes/${network}/${node}/gateway`,
      read: nothing,
      rules: NODE_RULES,
    });
  }
}
