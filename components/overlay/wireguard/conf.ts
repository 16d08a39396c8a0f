/** WireGuard configuration files as data, written in wg-quick's format: pure. */
import { isIPv4 } from "node:net";

import * as pulumi from "@pulumi/pulumi";

/** Bytes that WireGuard adds to a packet over IPv6: 40 IPv6 + 8 UDP + 32 WireGuard (wg(8)). */
const OVERHEAD = 80;
/**
 * Stands for the private key in every configuration that the program writes or passes on: whoever
 * brings the tunnel up holds the key and fills it in (`with_key` of scripts/conf.sh), nobody else does.
 */
export const PRIVATE_KEY = "@PRIVATE_KEY@";

/** One remote end of a tunnel. */
export interface Peer {
  readonly name: string;
  readonly publicKey: string;
  /** Ranges behind this peer. */
  readonly allowedIps: readonly string[];
  /** `address:port` to dial; absent for members that dial in. */
  readonly endpoint?: string;
  /** Seconds until a silent tunnel to it sends a packet, which keeps a NAT's mapping alive; default never. */
  readonly keepalive?: number;
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

/** What 32 bytes look like in base64, as `wg` prints keys: the last character holds four bits. */
const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/**
 * The public key that a member's script printed.
 *
 * @throws RunError naming the member when it is none
 */
export function readPublicKey(text: string, member: string): string {
  const key = text.trim();
  if (!KEY.test(key)) {
    throw new pulumi.RunError(
      `${member} did not print its WireGuard key (44 characters of base64) but ` +
        `${JSON.stringify(key.slice(0, 80))}. Nothing was done with it: try there ` +
        "sudo wg pubkey </etc/wireguard/fogline0.key",
    );
  }
  return key;
}

/**
 * The file for `wg-quick`, with a mark where the private key belongs. Nothing goes in unchecked:
 * `wg` refuses a whole file for one line, and everybody is in the hub's.
 *
 * @throws RunError naming the value that does not belong there
 */
export function writeConf(end: Interface): string {
  check(end);
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
      ...(peer.endpoint === undefined ? [] : [`Endpoint = ${peer.endpoint}`]),
      ...(peer.keepalive === undefined ? [] : [`PersistentKeepalive = ${peer.keepalive}`]),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function check({ address, mtu, listenPort, peers }: Interface): void {
  const wrong = [
    ...(isRange(address) ? [] : [`the address ${JSON.stringify(address)}`]),
    ...(isBetween(mtu, 576, 65_535) ? [] : [`the MTU ${mtu}`]),
    ...(listenPort === undefined || isBetween(listenPort, 1, 65_535) ? [] : [`port ${listenPort}`]),
    ...peers.flatMap(wrongOf),
  ];
  if (wrong.length > 0) {
    throw new pulumi.RunError(`no WireGuard configuration can hold ${wrong.join(", ")}`);
  }
}

function wrongOf({ name, publicKey, allowedIps, endpoint, keepalive }: Peer): string[] {
  const said = (text: string): string => JSON.stringify(text.slice(0, 80));
  return [
    ...(/^[A-Za-z0-9._-]+$/.test(name) ? [] : [`the name ${said(name)}`]),
    ...(KEY.test(publicKey) ? [] : [`${said(publicKey)} as the key of ${said(name)}`]),
    ...allowedIps.filter((range) => !isRange(range)).map((r) => `${said(r)} of ${said(name)}`),
    ...(endpoint === undefined || /^[A-Za-z0-9.-]+:\d{1,5}$/.test(endpoint)
      ? []
      : [`the endpoint ${said(endpoint)} of ${said(name)}`]),
    ...(keepalive === undefined || isBetween(keepalive, 1, 65_535)
      ? []
      : [`${keepalive} s between packets to ${said(name)}`]),
  ];
}

function isRange(text: string): boolean {
  const [address = "", prefix = ""] = text.split("/");
  return isIPv4(address) && /^\d{1,2}$/.test(prefix) && Number(prefix) <= 32;
}

function isBetween(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
