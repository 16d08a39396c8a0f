/**
 * Who is whose WireGuard peer in a network, and what each sends to whom: hosts all to all, external
 * clients to their gateway alone (logic/peers.go, controllers/ext_client.go). Pure.
 */
import type { AddressPlan, Member } from "./addresses.ts";
import { overlappingRanges, parseRange, rangeText, withoutContained } from "./ranges.ts";

/** A member, and the host that a client joins through. */
export type MeshMember =
  | (Member & { readonly kind: "host" })
  | (Member & { readonly kind: "client"; readonly gateway: string });

/** A range that is reached through a host. */
export interface MeshEgress {
  readonly range: string;
  readonly host: string;
}

/** What one member has of another. */
export interface Peering {
  readonly from: string;
  readonly to: string;
  /** What `from` sends to `to`, in CIDR notation: the fewest ranges that say it. */
  readonly routes: readonly string[];
}

/**
 * Every peering of a network, each side's own.
 *
 * @throws RangeError for egresses that overlap each other or the network: an address would have two ways
 */
export function planPeerings(
  range: string,
  members: readonly MeshMember[],
  addresses: AddressPlan,
  egresses: readonly MeshEgress[] = [],
): Peering[] {
  refuseOverlaps(range, egresses);
  const single = (name: string): string => {
    const address = addresses.get(name) ?? "";
    return `${address}/${address.includes(":") ? 128 : 32}`;
  };
  const hosts = members.filter((member) => member.kind === "host");
  const clients = members.filter((member) => member.kind === "client");

  /** What is reached through a host: itself, its clients, its egresses. */
  const behind = (host: string): string[] =>
    fewest([
      single(host),
      ...clients.filter(({ gateway }) => gateway === host).map(({ name }) => single(name)),
      ...egresses.filter((egress) => egress.host === host).map((egress) => egress.range),
    ]);

  const betweenHosts = hosts.flatMap(({ name: from }) =>
    hosts
      .filter(({ name: to }) => to !== from)
      .map(({ name: to }) => ({ from, to, routes: behind(to) })),
  );
  const withClients = clients.flatMap(({ name, gateway }) => [
    { from: gateway, to: name, routes: [single(name)] },
    { from: name, to: gateway, routes: fewest([range, ...egresses.map((e) => e.range)]) },
  ]);
  return [...betweenHosts, ...withClients];
}

function refuseOverlaps(range: string, egresses: readonly MeshEgress[]): void {
  const named = egresses.map(({ range: text }, i) => [`egress ${i + 1} (${text})`, text] as const);
  const [first] = overlappingRanges({
    [`the network (${range})`]: range,
    ...Object.fromEntries(named),
  });
  if (first !== undefined) {
    throw new RangeError(`${first.one} overlaps ${first.other}: choose another range`);
  }
}

function fewest(texts: readonly string[]): string[] {
  return withoutContained(texts.flatMap((text) => parseRange(text) ?? [])).map(rangeText);
}
