/** Policies of what can be reached from outside. */
import { holdsPort, isEveryone, isPublic, openingsOf } from "./openings.ts";
import { isPartOf, type Exemptions, type Policy } from "./policy.ts";
import { containersOf, podOf } from "./pod.ts";
import { at, listAt, textAt } from "./values.ts";

export const sshNotFromEverywhere: Policy = {
  name: "ssh-not-from-everywhere",
  description: "SSH is open to named addresses, never to everyone.",
  check: (resource) =>
    openingsOf(resource)
      .filter(({ ports, protocol }) => holdsPort(ports, 22) && protocol !== "udp")
      .filter(({ from }) => from.some(isEveryone))
      .map(
        ({ rule }) =>
          `rule ${rule} opens SSH to everyone; name the operator's address in fogline:cloud.sshFrom`,
      ),
};

/** Ports that only nodes and the operator use, over the overlay (ports of K3s and Kubernetes). */
const KUBERNETES_PORTS: readonly (readonly [string, number, string])[] = [
  ["tcp", 2379, "etcd"],
  ["tcp", 2380, "etcd"],
  ["tcp", 6443, "Kubernetes API"],
  ["udp", 8472, "VXLAN"],
  ["tcp", 10250, "kubelet"],
  ["tcp", 10255, "kubelet, read-only"],
  ["tcp", 10256, "kube-proxy"],
  ["tcp", 10257, "controller manager"],
  ["tcp", 10259, "scheduler"],
  // First and last of the range that Services of type NodePort take their ports from.
  ["tcp", 30000, "NodePort"],
  ["tcp", 32767, "NodePort"],
];

export const noKubernetesPortPublic: Policy = {
  name: "no-kubernetes-port-public",
  description: "The cluster's own ports are reached over the overlay alone.",
  check: (resource) =>
    openingsOf(resource)
      .filter(({ from }) => from.some(isPublic))
      .flatMap(({ rule, protocol, ports }) =>
        KUBERNETES_PORTS.filter(
          ([wanted, port]) => holdsPort(ports, port) && ["any", "*", wanted].includes(protocol),
        ).map(
          ([wanted, port, what]) =>
            `rule ${rule} opens ${port}/${wanted} (${what}) to the internet; ` +
            "remove it: members of the overlay reach it without",
        ),
      ),
};

/** The component whose machines have a public address each. */
const MACHINE = "fogline:azure:Vm";

/** Things of Azure's that give something a public address or a way in beside the firewall. */
const WAYS_IN = [
  "network:PublicIPAddress",
  "network:PublicIPPrefix",
  "network:LoadBalancer",
  "network:ApplicationGateway",
  "network:BastionHost",
  "network:VirtualNetworkGateway",
].map((type) => `azure-native:${type}`);

export const publicAddressesAsPlanned = ({ nodePorts }: Exemptions): Policy => ({
  name: "public-addresses-as-planned",
  description: "Public addresses belong to machines; ports of the workers to the ingress alone.",
  check: (resource) => [
    ...azureWaysIn(resource),
    ...interfacesWithoutFirewall(resource),
    ...services(resource),
    ...(nodePorts.some((component) => isPartOf(resource, component)) ? [] : podPorts(resource)),
  ],
});

const azureWaysIn: Policy["check"] = (resource) =>
  WAYS_IN.includes(resource.type) && !isPartOf(resource, MACHINE)
    ? ["is a way in that belongs to no machine; remove it, or let the component Vm make it"]
    : [];

const interfacesWithoutFirewall: Policy["check"] = ({ type, inputs }) =>
  type === "azure-native:network:NetworkInterface" &&
  listAt(inputs, "ipConfigurations").some((each) => at(each, "publicIPAddress") !== undefined) &&
  at(inputs, "networkSecurityGroup") === undefined
    ? ["has a public address and no security group; give it the group of the machine's role"]
    : [];

const services: Policy["check"] = ({ type, inputs }) => {
  const kind = textAt(inputs, "spec.type") ?? "ClusterIP";
  return type.endsWith(":Service") &&
    (["LoadBalancer", "NodePort"].includes(kind) || listAt(inputs, "spec.externalIPs").length > 0)
    ? [`is a Service of type ${kind}; make it ClusterIP and add a route to the ingress`]
    : [];
};

/** Pods of no exempt component that take ports of their node. */
const podPorts: Policy["check"] = (resource) => {
  const pod = podOf(resource);
  const isOfNode =
    at(pod, "hostNetwork") === true ||
    containersOf(pod).some((container) =>
      listAt(container, "ports").some((port) => at(port, "hostPort") !== undefined),
    );
  return isOfNode
    ? ["takes ports of its node; remove hostNetwork and hostPort, and add a route to the ingress"]
    : [];
};
