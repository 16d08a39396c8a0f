/**
 * Every connection that a pod of an app may take part in, from the list of apps. Network policies are
 * made from the table, and the lab probes it. Whatever is not here is denied, in both directions. Pure.
 */
import { needed, type Apps, type Endpoint, type Offered } from "./app.ts";
import { APPS } from "./index.ts";
import { DNS, type ClusterAddresses, type Connection, type PodGroup } from "./network-policy.ts";

export type { Peer, PodGroup } from "./network-policy.ts";

/** Pods that the table speaks of: those of each app, and the cluster's name servers. */
export const GROUPS = { ...podsOf(APPS), dns: DNS };

/**
 * The table. Traefik has its node's own network, which no policy binds; probes of a node's kubelet are
 * let in by every implementation.
 *
 * @throws Error when an app needs what no other one provides
 */
export function connections(cluster: ClusterAddresses, apps: Apps = APPS): readonly Connection[] {
  const endpoints: Partial<Record<Offered, Endpoint>> = {};
  for (const { provides = {} } of Object.values(apps)) {
    for (const [kind, endpoint] of Object.entries(provides)) {
      endpoints[kind as Offered] = endpoint(cluster);
    }
  }
  return Object.entries(apps)
    .flatMap(([name, app]) => app.connections?.(cluster, needed(name, app, endpoints)) ?? [])
    .flatMap((connection) => [connection, ...fromNodes(connection, cluster)]);
}

/** What comes from the whole cluster comes from nodes, too: the ingress has its node's own address. */
function fromNodes(
  connection: Connection,
  { podRange, nodeRange }: ClusterAddresses,
): Connection[] {
  const { from } = connection;
  return nodeRange !== undefined && "range" in from && from.range === podRange
    ? [{ ...connection, from: { range: nodeRange } }]
    : [];
}

function podsOf<A extends Apps>(apps: A): { readonly [Name in keyof A]: PodGroup } {
  const groups = Object.entries(apps).map(([name, { pods }]) => [name, pods] as const);
  return Object.fromEntries(groups) as { readonly [Name in keyof A]: PodGroup };
}
