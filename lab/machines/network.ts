/** The network around the machines: laptop, home with its router, internet and cloud fabric. */
import { existsSync } from "node:fs";

import { FABRIC, HOME, HOME2, INNER, NAMESPACES, ROUTER_MAC } from "../layout.ts";
import {
  createNamespace,
  deleteNamespace,
  inNamespace,
  leaveNamespaces,
  namespacePath,
} from "./namespace.ts";

/** One home: a LAN whose router masquerades behind one outer address. */
export interface Home {
  readonly namespace: string;
  readonly lan: string;
  readonly router: string;
  readonly outer: string;
  readonly provider: string;
  /** Interface of the fabric that leads to this home. */
  readonly line: string;
}

/** Bridge of a home's LAN, in the home's namespace. */
export const LAN_BRIDGE = "lan";

const FIRST: Home = { ...HOME, namespace: NAMESPACES.home, line: "home" };
const SECOND: Home = { ...HOME2, namespace: NAMESPACES.home2, line: "home2" };

/** Creates the network: three namespaces, none with a route to the outside. What exists is kept. */
export async function createNetwork(): Promise<void> {
  await createFabric();
  await createHome(FIRST);
  await connectToHome(NAMESPACES.laptop, "laptop", "wifi", HOME.laptop);
}

/** Creates the second home, to which a device can move. */
export async function createSecondHome(): Promise<Home> {
  await createHome(SECOND);
  return SECOND;
}

/**
 * Creates a LAN behind a second router inside the first home. Only the Pi on the home's LAN reaches its
 * devices, on their SSH port: it is the jump host.
 */
export async function createInnerLan(): Promise<void> {
  const router = routeFor(INNER, `ip saddr ${HOME.pi} tcp dport 22 accept`);
  await connectToHome(NAMESPACES.inner, "inner", "uplink", INNER.outer, router);
}

/** Removes the inner LAN; its machines must be gone by then. */
export async function removeInnerLan(): Promise<void> {
  await deleteNamespace(NAMESPACES.inner);
}

/** Removes all of it; machines must be gone by then. */
export async function destroyNetwork(): Promise<void> {
  await leaveOverlay();
  for (const name of Object.values(NAMESPACES)) {
    await deleteNamespace(name);
  }
  await leaveNamespaces();
}

/**
 * Takes the laptop out of the overlay. Its WireGuard may be a process, which ends with its
 * interface, but would outlive the namespace.
 */
async function leaveOverlay(): Promise<void> {
  if (existsSync(namespacePath(NAMESPACES.laptop))) {
    await inNamespace(
      NAMESPACES.laptop,
      // fogline0 is what earlier versions called it.
      `for link in fog-lab fogline0; do
         if ip link show $link >/dev/null 2>&1; then ip link delete $link; fi
       done`,
    );
  }
}

async function createFabric(): Promise<void> {
  if (!(await createNamespace(NAMESPACES.cloud))) {
    return;
  }
  await inNamespace(
    NAMESPACES.cloud,
    `sysctl -qw net.ipv4.ip_forward=1
     ip address add ${FABRIC.services}/32 dev lo`,
  );
}

async function createHome(home: Home): Promise<void> {
  if (!(await createNamespace(home.namespace))) {
    return;
  }
  await inNamespace(
    NAMESPACES.cloud,
    `ip link add ${home.line} type veth peer name uplink netns ${home.namespace}
     ip address add ${home.provider}/30 dev ${home.line}
     ip link set ${home.line} up
     ${shape(home.line, HOME.downlinkMbit)}`,
  );
  await inNamespace(
    home.namespace,
    `ip address add ${home.outer}/30 dev uplink
     ip link set uplink up
     ip route add default via ${home.provider}
     ${shape("uplink", HOME.uplinkMbit)}
     ${routeFor(home)}`,
  );
}

/**
 * A router between its uplink and a LAN: it masquerades, and accepts no connection from outside.
 *
 * @param exception an nftables rule for connections that it accepts all the same
 */
function routeFor({ lan, router }: Pick<Home, "lan" | "router">, exception = ""): string {
  return `sysctl -qw net.ipv4.ip_forward=1
     ip link add ${LAN_BRIDGE} address ${ROUTER_MAC} type bridge
     # Traffic between devices of the LAN must not pass the router's rules: a flow that they saw there
     # would never be masqueraded.
     if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then
       sysctl -qw net.bridge.bridge-nf-call-iptables=0
     fi
     ip address add ${router}/${lan.split("/")[1] ?? "24"} dev ${LAN_BRIDGE}
     ip link set ${LAN_BRIDGE} up
     nft -f - <<'RULES'
table ip router {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "${LAN_BRIDGE}" accept
    ${exception}
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname { "${LAN_BRIDGE}", "lo" } accept
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname "uplink" masquerade
  }
}
RULES`;
}

/**
 * Connects a namespace to the first home's LAN.
 *
 * @param port its end at the home's bridge
 * @param device its end in the namespace
 * @param setUp commands that follow in the namespace; default none
 */
async function connectToHome(
  namespace: string,
  port: string,
  device: string,
  address: string,
  setUp = "",
): Promise<void> {
  if (!(await createNamespace(namespace))) {
    return;
  }
  await inNamespace(
    NAMESPACES.home,
    `ip link add ${port} type veth peer name ${device} netns ${namespace}
     ip link set ${port} master ${LAN_BRIDGE} up`,
  );
  await inNamespace(
    namespace,
    `ip address add ${address}/${HOME.lan.split("/")[1] ?? "24"} dev ${device}
     ip link set ${device} up
     ip route add default via ${HOME.router}
     ${setUp}`,
  );
}

/** Limits a link to so many Mbit/s, with a queue of at most 50 ms as home routers have. */
function shape(device: string, mbit: number): string {
  return `tc qdisc add dev ${device} root tbf rate ${mbit}mbit burst 64kb latency 50ms`;
}
