/** What a network consists of, as Netmaker's own screen counts and lists it. */
import type { NetmakerClient } from "../api/index.ts";

/** A line of the screen's host table (S0-28). */
export interface HostLine {
  readonly name: string;
  /** With the network's prefix length. */
  readonly privateAddress: string;
  readonly publicAddress: string;
  readonly connectivity: "Connected" | "Disconnected";
  /** Status that the server derives from the host's last check-in. */
  readonly health: string;
  readonly isGateway: boolean;
}

/** An external client. */
export interface ClientLine {
  readonly name: string;
  readonly address: string;
  /** Name of the host that it joins through; empty where that is gone. */
  readonly gateway: string;
  readonly enabled: boolean;
}

/** A range behind the network. */
export interface EgressLine {
  readonly name: string;
  readonly range: string;
  /** Name of the host that it is reached through; empty where that is gone. */
  readonly via: string;
  readonly enabled: boolean;
}

/** A network with its members. */
export interface Inventory {
  readonly network: string;
  readonly range: string;
  readonly hosts: readonly HostLine[];
  readonly clients: readonly ClientLine[];
  readonly egresses: readonly EgressLine[];
}

/**
 * Asks the server for a network, everything at once.
 *
 * @throws NetmakerError when the server does not answer
 * @throws Error when it has no such network
 */
export async function readInventory(client: NetmakerClient, network: string): Promise<Inventory> {
  const found = await client.networks.get(network);
  if (found === undefined) {
    throw new Error(`the server has no network ${network}: make up declares it`);
  }
  const [hosts, nodes, clients, egresses] = await Promise.all([
    client.hosts.list(),
    client.nodes.list(network),
    client.externalClients.list(network),
    client.egresses.list(network),
  ]);
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const members = nodes.filter(({ externalClient }) => externalClient === undefined);
  const nameOf = (node: string | undefined): string => {
    const member = members.find(({ id }) => id === node);
    return byId.get(member?.hostId ?? "")?.name ?? "";
  };
  return {
    network,
    range: found.addressRange ?? found.addressRange6 ?? "",
    hosts: members
      .map((node): HostLine => {
        const host = byId.get(node.hostId);
        return {
          name: host?.name ?? node.hostId,
          privateAddress: node.address ?? node.address6 ?? "",
          publicAddress: host?.endpointIp ?? host?.endpointIp6 ?? "",
          connectivity: node.connected && !node.pendingDelete ? "Connected" : "Disconnected",
          health: HEALTH[node.status] ?? "Unknown",
          isGateway: node.isGateway,
        };
      })
      .sort(byName),
    clients: clients
      .map(({ id, address, address6, gateway, enabled }) => ({
        name: id,
        address: address ?? address6 ?? "",
        gateway: nameOf(gateway),
        enabled,
      }))
      .sort(byName),
    egresses: egresses
      .map(({ name, range, domain, nodes: via, enabled }) => ({
        name,
        range: range === "" ? domain : range,
        via: nameOf(Object.keys(via)[0]),
        enabled,
      }))
      .sort(byName),
  };
}

/** Display names of a node's status. */
const HEALTH: Readonly<Record<string, string>> = {
  online: "Healthy",
  warning: "Warning",
  error: "Error",
  offline: "Offline",
  disconnected: "Disconnected",
};

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name);
}
