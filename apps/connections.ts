/**
 * Every connection that a pod of ours may take part in, as data: network policies are made from the
 * table, and the lab probes it. Whatever is not here is denied, in both directions. Pure.
 */
import type * as k8s from "@pulumi/kubernetes";

/** Pods by namespace and labels. */
export interface PodGroup {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A range of addresses, for what is no pod, or for all pods at once. */
export interface AddressRange {
  readonly range: string;
}

/** One end of a connection. */
export type Peer = PodGroup | AddressRange;

/** One allowed connection; its answers are allowed with it. */
export interface Connection {
  readonly from: Peer;
  readonly to: Peer;
  /** Port of the pod or host that is reached, which need not be its service's. */
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
}

/** What the table needs to know of a cluster. */
export interface ClusterAddresses {
  /** Addresses of all pods, and of nodes as pods see them. */
  readonly podRange: string;
  /** Where the API server listens, behind its service. */
  readonly apiServer: string;
}

/** Where K3s serves the API (`--https-listen-port`). */
const API_PORT = 6443;

function pods(namespace: string, app = namespace): PodGroup {
  return { namespace, labels: { app } };
}

/** Pods that the table speaks of. */
export const GROUPS = {
  website: pods("website"),
  database: pods("website", "database"),
  descheduler: pods("descheduler"),
  dashboard: pods("dashboard"),
  dns: { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
} as const satisfies Record<string, PodGroup>;

/**
 * The table. Traefik has its node's own network, which no policy binds; probes of a node's kubelet are
 * let in by every implementation.
 */
export function connections({ podRange, apiServer }: ClusterAddresses): readonly Connection[] {
  const { website, database, descheduler, dashboard, dns } = GROUPS;
  const api = { range: `${apiServer}/32` };
  return [
    // The page is public. Traefik comes from addresses that nodes have in the pods' range.
    { from: { range: podRange }, to: website, port: 8080, protocol: "TCP" },
    { from: website, to: database, port: 5432, protocol: "TCP" },
    { from: website, to: dns, port: 53, protocol: "UDP" },
    { from: website, to: dns, port: 53, protocol: "TCP" },
    { from: descheduler, to: api, port: API_PORT, protocol: "TCP" },
    // Its users enter through `kubectl port-forward`: the kubelet, inside the pod's own network.
    { from: dashboard, to: api, port: API_PORT, protocol: "TCP" },
  ];
}

/** What lets a group of pods do what the table says, and nothing else. */
export function policyOf(
  group: PodGroup,
  table: readonly Connection[],
): k8s.types.input.networking.v1.NetworkPolicySpec {
  const rules = (end: "from" | "to"): { peer: Peer; ports: object[] }[] => {
    const other = end === "from" ? "to" : "from";
    const merged = new Map<string, { peer: Peer; ports: object[] }>();
    for (const { port, protocol, ...ends } of table) {
      if (isGroup(ends[end], group)) {
        const key = JSON.stringify(ends[other]);
        const { ports } = merged.get(key) ?? { ports: [] };
        merged.set(key, { peer: ends[other], ports: [...ports, { protocol, port }] });
      }
    }
    return [...merged.values()];
  };
  const ingress = rules("to").map(({ peer, ports }) => ({ from: [selector(peer, group)], ports }));
  const egress = rules("from").map(({ peer, ports }) => ({ to: [selector(peer, group)], ports }));
  return {
    podSelector: { matchLabels: group.labels },
    policyTypes: ["Ingress", "Egress"],
    // The API server leaves empty lists out: declared, they would differ from what it keeps.
    ...(ingress.length === 0 ? {} : { ingress }),
    ...(egress.length === 0 ? {} : { egress }),
  };
}

/** What denies all that no other policy of a namespace allows. */
export const DENY_ALL: k8s.types.input.networking.v1.NetworkPolicySpec = {
  podSelector: {},
  policyTypes: ["Ingress", "Egress"],
};

function isGroup(peer: Peer, { namespace, labels }: PodGroup): boolean {
  return (
    "namespace" in peer &&
    peer.namespace === namespace &&
    JSON.stringify(peer.labels) === JSON.stringify(labels)
  );
}

function selector(
  peer: Peer,
  { namespace }: PodGroup,
): k8s.types.input.networking.v1.NetworkPolicyPeer {
  if ("range" in peer) {
    return { ipBlock: { cidr: peer.range } };
  }
  return {
    ...(peer.namespace === namespace
      ? {}
      : { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": peer.namespace } } }),
    podSelector: { matchLabels: peer.labels },
  };
}
