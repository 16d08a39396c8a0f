/** WireGuard configuration files as data, written in wg-quick's format: pure. */

/** Bytes that WireGuard adds to a packet over IPv6: 40 IPv6 + 8 UDP + 32 WireGuard (wg(8)). */
const OVERHEAD = 80;
/** Seconds between packets that keep a NAT's mapping alive; home routers forget UDP after 30. */
const KEEPALIVE = 15;
/** Stands where the machine puts its private key, which never leaves it. */
export const PRIVATE_KEY = "@PRIVATE_KEY@";

/** One remote end of a tunnel. */
export interface Peer {
  readonly name: string;
  readonly publicKey: string;
  /** Ranges behind this peer. */
  readonly allowedIps: readonly string[];
  /** `address:port` to dial; absent for members that dial in. */
  readonly endpoint?: string;
}

/** One end of the overlay. */
export interface Interface {
  /** Address with the overlay's prefix, e.g. `10.101.0.1/16`. */
  readonly address: string;
  readonly mtu: number;
  /** UDP port; absent where the kernel may choose. */
  readonly listenPort?: number;
  readonly peers: readonly Peer[];
}

/** MTU inside the overlay for a path that carries packets of `pathMtu` bytes. */
export function overlayMtu(pathMtu: number): number {
  return pathMtu - OVERHEAD;
}

/** The file for `wg-quick`, with a mark where the private key belongs. */
export function writeConf(end: Interface): string {
  const lines = [
    "[Interface]",
    `Address = ${end.address}`,
    `MTU = ${end.mtu}`,
    ...(end.listenPort === undefined ? [] : [`ListenPort = ${end.listenPort}`]),
    `PrivateKey = ${PRIVATE_KEY}`,
    ...end.peers.flatMap((peer) => [
      "",
      `# ${peer.name}`,
      "[Peer]",
      `PublicKey = ${peer.publicKey}`,
      `AllowedIPs = ${peer.allowedIps.join(", ")}`,
      ...(peer.endpoint === undefined
        ? []
        : [`Endpoint = ${peer.endpoint}`, `PersistentKeepalive = ${KEEPALIVE}`]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}
