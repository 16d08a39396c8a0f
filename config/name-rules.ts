/** Rules of names and overlay addresses: one machine each, and none for nobody. */
import { parseCidr } from "@fogline/azure-checks/cidr";

import { freeAddress, isMemberAddress, memberAddress, type Tier } from "./overlay-addresses.ts";
import type { Known } from "./known.ts";
import { nearestOf, type Problem } from "./problems.ts";

/** Every broken rule of names and of the addresses that follow from them. */
export function nameRules(known: Known): Problem[] {
  return [...nodeNames(known), ...reachedTwice(known), ...keptAddresses(known), ...members(known)];
}

/** Node names are the lower-cased machine names, so two that differ in case alone clash too. */
function nodeNames({ cloud, edge }: Known): Problem[] {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  const named = [
    { path: "fogline:cloud.master.name", name: cloud.master?.name },
    ...(cloud.workers ?? []).map(({ name }, n) => ({
      path: `fogline:cloud.workers[${n}].name`,
      name,
    })),
    ...edge.map(({ path, device }) => ({ path: `${path}.name`, name: device.name })),
  ];
  for (const { path, name } of named) {
    if (name === undefined) {
      continue;
    }
    const node = name.toLowerCase();
    const earlier = seen.get(node);
    if (earlier !== undefined) {
      problems.push({
        path,
        rule: `the node name ${node} is already taken by ${earlier}`,
        fix: "give every machine a name of its own",
      });
    } else if (node === "localhost") {
      problems.push({
        path,
        rule: `${name} is every computer's name for itself`,
        fix: "choose a name like raspberrypi",
      });
    }
    seen.set(node, path);
  }
  return problems;
}

/** Two devices at one place are one device, which cannot be two nodes. */
function reachedTwice({ edge }: Known): Problem[] {
  const seen = new Map<string, string>();
  return edge.flatMap(({ path, device }) => {
    if (device.reach === "bundle") {
      return [];
    }
    const way = device.reach === "jump" ? `${device.jump.host}:${device.jump.port} ` : "";
    const place = `${way}${device.host.toLowerCase()}:${device.port}`;
    const earlier = seen.get(place);
    seen.set(place, path);
    return earlier === undefined
      ? []
      : [
          {
            path: `${path}.host`,
            rule: `${device.host}:${device.port} is where ${earlier} is reached, too`,
            fix: "remove one of the two, or write the other device's address",
          },
        ];
  });
}

/** The members whose addresses are kept or follow from their names. */
function membersOf({ cloud, edge }: Known): { name: string; tier: Tier }[] {
  return [
    ...(cloud.workers ?? []).map(({ name }) => ({ name, tier: "cloud" }) as const),
    ...edge.map(({ device }) => ({ name: device.name, tier: "edge" }) as const),
  ];
}

/** An address that is kept for nobody is a misspelt name. */
function keptAddresses(known: Known): Problem[] {
  const { cloud, overlay } = known;
  const names = membersOf(known).map(({ name }) => name);
  // A device or a worker that is wrong in itself may be the one that is meant.
  if (cloud.workers === undefined || known.edge.length < known.devices) {
    return [];
  }
  return Object.keys(overlay.addresses ?? {})
    .filter((name) => !names.includes(name))
    .map((name) => ({
      path: `fogline:overlay.addresses.${name}`,
      rule:
        name.toLowerCase() === cloud.master?.name.toLowerCase()
          ? "the hub's address is the first one of fogline:overlay.range and cannot be chosen"
          : "is kept for no worker of fogline:cloud.workers and no device of fogline:edge",
      fix: nearestOf(name, names) ?? "remove it",
    }));
}

/** Two names may give one overlay address; neither is moved, since members' addresses never are. */
function members(known: Known): Problem[] {
  const { range, addresses: kept } = known.overlay;
  if (range === undefined || kept === undefined || (parseCidr(range)?.bits ?? 32) > 22) {
    return [];
  }
  const all = membersOf(known);
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const tell = (name: string, tier: Tier, rule: string): void => {
    const taken = new Set(all.map((each) => memberAddress(range, each.tier, each.name, kept)));
    problems.push({
      path: `fogline:overlay.addresses.${name}`,
      rule,
      fix: `write fogline:overlay.addresses: {${name}: ${freeAddress(range, tier, taken) ?? ""}}`,
    });
  };
  for (const { name, tier } of all) {
    const address = memberAddress(range, tier, name, kept);
    const owner = owners.get(address);
    if (!isMemberAddress(range, tier, address)) {
      tell(name, tier, `${address} is not an address for ${tier} machines of ${range}`);
    } else if (owner !== undefined && owner.toLowerCase() !== name.toLowerCase()) {
      tell(name, tier, `${address} is the address of ${owner} as well`);
    }
    owners.set(address, name);
  }
  return problems;
}
