/** Rules of the one port that a stack chooses: the overlay's, which the firewall opens to everyone. */
import type { Known } from "./known.ts";
import type { Problem } from "./problems.ts";

/** UDP ports that something else on the hub, or in the fog, has. */
const TAKEN: Readonly<Record<number, string>> = {
  53: "of DNS, which the system's resolver has",
  67: "of DHCP",
  68: "of DHCP, by which the machine has its address",
  123: "of NTP",
  323: "of chrony",
  546: "of DHCPv6",
  5353: "of mDNS",
  8472: "of VXLAN, by which pods reach each other",
};
/** Ports that are the cluster's own and stay closed to the internet, whatever the protocol. */
const CLOSED: Readonly<Record<number, string>> = {
  22: "of SSH",
  2379: "of etcd",
  2380: "of etcd",
  6443: "of the Kubernetes API",
  10250: "of the kubelet",
  10255: "of the kubelet",
  10256: "of kube-proxy",
  10257: "of the controller manager",
  10259: "of the scheduler",
};
/** First and last of the ports of Services of type NodePort. */
const NODE_PORTS = [30_000, 32_767] as const;

/** Whether the overlay's port is anybody else's. */
export function portRules({ overlay }: Known): Problem[] {
  const port = overlay.listenPort;
  if (port === undefined) {
    return [];
  }
  const isNodePort = port >= NODE_PORTS[0] && port <= NODE_PORTS[1];
  const owner =
    TAKEN[port] ?? CLOSED[port] ?? (isNodePort ? "of Services of type NodePort" : undefined);
  return owner === undefined
    ? []
    : [
        {
          path: "fogline:overlay.listenPort",
          rule: `${port} is the port ${owner}; the overlay's is open to the whole internet`,
          fix: "choose a port that nothing else has, such as 51820",
        },
      ];
}
