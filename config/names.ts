/** The names that the program makes, and how long a name may be for whoever keeps it: pure. */
import { createHash } from "node:crypto";

/** Characters of a label in DNS (RFC 1035), and so of a node in Kubernetes. */
export const DNS_LABEL_LENGTH = 63;
/** Characters of a resource group in Azure. */
export const RESOURCE_GROUP_LENGTH = 90;
/** Characters of a user in Linux (useradd(8)). */
export const LINUX_USER_LENGTH = 32;
/** Characters of a network interface in Linux (IFNAMSIZ, less the NUL at its end). */
export const INTERFACE_LENGTH = 15;
/** Characters of a network in Netmaker. */
export const NETMAKER_NETWORK_LENGTH = 32;
/** Fewest and most characters of an external client in Netmaker. */
export const NETMAKER_CLIENT_LENGTH = { least: 5, most: 32 } as const;

const OPERATOR_PREFIX = "fog-";
const JOIN_PREFIX = "join-";

/** Most characters of a device that joins a Netmaker network with a bundle. */
export const NETMAKER_BUNDLE_DEVICE_LENGTH = NETMAKER_CLIENT_LENGTH.most - JOIN_PREFIX.length;

/** Name of a machine's node in the cluster: Kubernetes wants lower case (S0-31). */
export function nodeName(machine: { readonly name: string }): string {
  return machine.name.toLowerCase();
}

/**
 * Name of a stack's network interface on the operator's computer, e.g. `fog-dev`. Of a stack with a
 * longer name it holds the beginning, and a hash that tells it from others.
 */
export function operatorInterface(stack: string): string {
  return `${OPERATOR_PREFIX}${shortened(stack, INTERFACE_LENGTH - OPERATOR_PREFIX.length)}`;
}

/** Id of a member as an external client of a Netmaker network. */
export function clientId(member: string): string {
  return member.padEnd(NETMAKER_CLIENT_LENGTH.least, "-");
}

/** Name of a node's client for the time in which it joins with a bundle. */
export function joinClientName(node: string): string {
  return `${JOIN_PREFIX}${node}`;
}

/** Name of what two nodes share: the same in whatever order they are given. */
export function pairName(one: string, other: string): string {
  return one < other ? `${one}-${other}` : `${other}-${one}`;
}

function shortened(name: string, length: number): string {
  if (name.length <= length) {
    return name;
  }
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 4);
  return `${name.slice(0, length - hash.length - 1)}-${hash}`;
}
