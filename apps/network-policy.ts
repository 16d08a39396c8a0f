/**
 * Connections between pods as data, and the NetworkPolicies that follow from them: whatever is not in
 * the table of connections is denied, in both directions. Pure.
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
  /** Addresses of all pods, and of nodes as pods see them with flannel's VXLAN. */
  readonly podRange: string;
  /** Addresses of nodes as pods see them, where those are not in the pods' range: without flannel's VXLAN. */
  readonly nodeRange?: string;
  /** Where the API server listens, behind its service. */
  readonly apiServer: string;
}

/** Where K3s serves the API (`--https-listen-port`). */
const API_PORT = 6443;

/** The cluster's name servers. */
export const DNS: PodGroup = { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } };

/** What pods need that look names up. */
export function toDns(pods: PodGroup): Connection[] {
  return (["UDP", "TCP"] as const).map((protocol) => ({
    from: pods,
    to: DNS,
    port: 53,
    protocol,
  }));
}

/** What pods need that talk to the Kubernetes API. */
export function toApiServer(pods: PodGroup, { apiServer }: ClusterAddresses): Connection {
  return { from: pods, to: { range: `${apiServer}/32` }, port: API_PORT, protocol: "TCP" };
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
