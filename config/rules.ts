/** Rules between settings: ranges that must not overlap, names that must differ, limits in order. */
import {
  freeAddress,
  isMemberAddress,
  memberAddress,
  type Tier,
} from "../components/overlay/addresses.ts";
import { addressInside, parseCidr, rangesOverlap } from "./cidr.ts";
import type { Problem } from "./problems.ts";

/** Every broken rule between the raw settings of a stack; values of a wrong type are passed over. */
export function crossRules(raw: Readonly<Record<string, unknown>>): Problem[] {
  return [
    ...overlaps(raw),
    ...subnetRule(raw),
    ...overlayRule(raw),
    ...nameRules(raw),
    ...addressRules(raw),
    ...replicaRules(raw),
  ];
}

/** Ranges that may not overlap (S0-14), with the defaults that hold when a stack names none. */
const RANGES = [
  ["cloud", "network", "10.10.0.0/16"],
  ["overlay", "range", "10.101.0.0/16"],
  ["k3s", "podRange", "10.42.0.0/16"],
  ["k3s", "serviceRange", "10.43.0.0/16"],
] as const;

/** Tiers and enrolment have blocks of 256 (see components/overlay/addresses.ts). */
function overlayRule(raw: Readonly<Record<string, unknown>>): Problem[] {
  const range = text(field(raw["overlay"], "range"));
  const parsed = range === undefined ? undefined : parseCidr(range);
  return parsed !== undefined && parsed.bits > 22
    ? [
        {
          path: "fogline:overlay.range",
          rule: `${range ?? ""} has fewer than 1024 addresses`,
          fix: "use a prefix of /22 or shorter",
        },
      ]
    : [];
}

function overlaps(raw: Readonly<Record<string, unknown>>): Problem[] {
  const ranges = RANGES.map(([section, key, fallback]) => ({
    path: `fogline:${section}.${key}`,
    value: text(field(raw[section], key)) ?? fallback,
  }));
  return ranges.flatMap((a, i) =>
    ranges
      .slice(i + 1)
      .filter((b) => rangesOverlap(a.value, b.value))
      .map((b) => ({
        path: a.path,
        rule: `${a.value} overlaps ${b.path} (${b.value})`,
        fix: "give each of the two a range of its own",
      })),
  );
}

function subnetRule(raw: Readonly<Record<string, unknown>>): Problem[] {
  const network = text(field(raw["cloud"], "network")) ?? "10.10.0.0/16";
  const subnet = text(field(raw["cloud"], "subnet")) ?? "10.10.1.0/24";
  const outer = parseCidr(network);
  const inner = parseCidr(subnet);
  if (!outer || !inner || (inner.bits >= outer.bits && addressInside(inner.address, network))) {
    return [];
  }
  return [
    {
      path: "fogline:cloud.subnet",
      rule: `${subnet} does not lie inside fogline:cloud.network (${network})`,
      fix: "choose a part of the network's range",
    },
  ];
}

/** Node names are the lower-cased machine names, so two that differ in case alone clash too. */
function nameRules(raw: Readonly<Record<string, unknown>>): Problem[] {
  const seen = new Map<string, string>();
  const problems: Problem[] = [];
  const master = text(field(field(raw["cloud"], "master"), "name")) ?? "MasterNode";
  const named = [
    { path: "fogline:cloud.master.name", name: master },
    ...names("fogline:cloud.workers", field(raw["cloud"], "workers")),
    ...names("fogline:edge", raw["edge"]),
  ];
  for (const { path, name } of named) {
    const earlier = seen.get(name.toLowerCase());
    if (earlier !== undefined) {
      problems.push({
        path,
        rule: `the node name ${name.toLowerCase()} is already taken by ${earlier}`,
        fix: "give every machine a name of its own",
      });
    }
    seen.set(name.toLowerCase(), path);
  }
  return problems;
}

/** Two names may give one overlay address; neither is moved, since members' addresses never are. */
function addressRules(raw: Readonly<Record<string, unknown>>): Problem[] {
  const range = text(field(raw["overlay"], "range")) ?? "10.101.0.0/16";
  if ((parseCidr(range)?.bits ?? 32) > 22) {
    return [];
  }
  const kept = textsOf(field(raw["overlay"], "addresses"));
  const members = [
    ...names("", field(raw["cloud"], "workers") ?? [{ name: "WorkerNode" }]).map(
      ({ name }) => ({ name, tier: "cloud" }) as const,
    ),
    ...names("", raw["edge"]).map(({ name }) => ({ name, tier: "edge" }) as const),
  ];
  const owners = new Map<string, string>();
  const problems: Problem[] = [];
  const tell = (name: string, tier: Tier, rule: string): void => {
    const taken = new Set(members.map((each) => memberAddress(range, each.tier, each.name, kept)));
    problems.push({
      path: `fogline:overlay.addresses.${name}`,
      rule,
      fix: `write fogline:overlay.addresses: {${name}: ${freeAddress(range, tier, taken) ?? ""}}`,
    });
  };
  for (const { name, tier } of members) {
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

function replicaRules(raw: Readonly<Record<string, unknown>>): Problem[] {
  const min = field(raw["website"], "minReplicas") ?? 4;
  const max = field(raw["website"], "maxReplicas") ?? 10;
  if (typeof min !== "number" || typeof max !== "number" || min <= max) {
    return [];
  }
  return [
    {
      path: "fogline:website.minReplicas",
      rule: `${min} is more than fogline:website.maxReplicas (${max})`,
      fix: "make the minimum the smaller of the two",
    },
  ];
}

function names(path: string, list: unknown): { path: string; name: string }[] {
  return Array.isArray(list)
    ? list.flatMap((item: unknown, i) => {
        const name = text(field(item, "name"));
        return name === undefined ? [] : [{ path: `${path}[${i}].name`, name }];
      })
    : [];
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)[key]
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The text values of a map by key. */
function textsOf(value: unknown): Record<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
