/**
 * A network that carries packets one way alone: a firewall rule too many, a router that forgot one direction, an
 * antenna that is heard and does not hear. One end goes on hearing the other, which takes it for dead.
 *
 * Dropped are WireGuard's own packets between two ends of a tunnel, by their addresses and ports outside of it: the
 * tunnel is what suffers. Its session goes on one way; after three minutes without a handshake (REJECT_AFTER_TIME of
 * WireGuard's protocol) the other direction ends, too. Machines that are no hub have no tunnel to each other: each
 * can be parted from the hub.
 */
import type { Partition } from "../model.ts";
import type { Site } from "../site.ts";
import type { FaultKind } from "./index.ts";
import { LONGEST, readings, script } from "./network/script.ts";
import { counters, drop, dropNoMore, readCounters } from "./network/table.ts";
import { uplinkOf } from "./network/uplink.ts";

const KIND = "partition";
/** After a stall, before loss. */
const SECOND = -10;

export const partition: FaultKind<Partition> = {
  describe: ({ machine, peer, direction }) =>
    direction === "in"
      ? `drops what ${peer} sends to ${machine} through WireGuard`
      : `drops what ${machine} sends to ${peer} through WireGuard`,
  subject: ({ machine }) => machine.toLowerCase(),
  inject: async (site, { machine, peer, direction }) => {
    const { device } = await uplinkOf(site, machine);
    const key = (await tunnelsOf(site, peer)).keys;
    const endpoint = (await tunnelsOf(site, machine)).peers.find((each) => key.includes(each.key));
    if (endpoint === undefined) {
      throw new Error(
        `partition: ${machine} and ${peer} have no tunnel to each other that has been used: what they send ` +
          "goes through the hub. fix: name the hub as machine or peer",
      );
    }
    const match = matchOf(endpoint);
    await site.onMachine(
      machine,
      drop({ kind: KIND, device, seconds: LONGEST, direction, match, priority: SECOND }),
    );
  },
  recover: async (site, { machine }) => {
    await site.onMachine(machine, dropNoMore(KIND));
  },
  report: async (site, { machine }) =>
    readings(KIND, machine, readCounters(await site.onMachine(machine, counters(KIND)))),
};

/** Another end, with the address and port that WireGuard sends to. */
interface Peer {
  readonly key: string;
  readonly address: string;
  readonly port: string;
}

/** Public keys and peers of all interfaces; no secret is asked for. */
const TUNNELS = script(
  ["wg"],
  "for interface in $(wg show interfaces); do",
  '  echo "own $(wg show "$interface" public-key)"',
  '  wg show "$interface" endpoints',
  "done",
);

async function tunnelsOf(
  site: Site,
  machine: string,
): Promise<{ readonly keys: readonly string[]; readonly peers: readonly Peer[] }> {
  const lines = (await site.onMachine(machine, TUNNELS)).split("\n").map((line) => line.trim());
  return {
    keys: lines.flatMap((line) => (line.startsWith("own ") ? [line.slice(4)] : [])),
    peers: lines.flatMap((line) => {
      // "(none)" is the endpoint of a peer that has not been heard of.
      const [, key, address, port] = /^(\S{44})\s+\[?([0-9a-f.:]+?)\]?:(\d+)$/.exec(line) ?? [];
      return key === undefined || address === undefined || port === undefined
        ? []
        : [{ key, address, port }];
    }),
  };
}

function matchOf({ address, port }: Peer): { readonly in: string; readonly out: string } {
  const family = address.includes(":") ? "ip6" : "ip";
  return {
    in: `${family} saddr ${address} udp sport ${port}`,
    out: `${family} daddr ${address} udp dport ${port}`,
  };
}
