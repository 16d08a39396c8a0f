/** Rules of ranges: what each may hold, and that none meets another one or a device's own network. */
import { parseCidr, rangesOverlap } from "@fogline/azure-checks/cidr";

import type { Known } from "./known.ts";
import type { Problem } from "./problems.ts";
import {
  isDocumentation,
  isPrivate,
  liesInside,
  reservedUse,
  specialUse,
} from "./special-ranges.ts";

/** Azure keeps the first four addresses of a subnet and the last. */
const AZURE_RESERVES = 5;
/** Most addresses that SSH may be open to, as a prefix: the largest blocks of internet providers. */
const WIDEST_SOURCE = 8;

interface Range {
  readonly path: string;
  readonly range: string;
}

/** Every broken rule of ranges. */
export function rangeRules(known: Known): Problem[] {
  const ranges = rangesOf(known);
  return [
    ...ranges.flatMap(privacy),
    ...overlaps(ranges),
    ...homes(known, ranges),
    ...sizes(known),
    ...sources(known),
  ];
}

/** Ranges of the program, which all routers of the fog must be able to tell apart (S0-14). */
function rangesOf({ cloud, overlay, k3s }: Known): Range[] {
  return [
    { path: "fogline:cloud.network", range: cloud.network },
    { path: "fogline:overlay.range", range: overlay.range },
    { path: "fogline:k3s.podRange", range: k3s.podRange },
    { path: "fogline:k3s.serviceRange", range: k3s.serviceRange },
  ].filter((each): each is Range => each.range !== undefined);
}

function privacy({ path, range }: Range): Problem[] {
  if (isPrivate(range)) {
    return [];
  }
  const use = reservedUse(range);
  return [
    {
      path,
      rule:
        use === undefined
          ? `${range} belongs to others on the internet, whom machines of the fog would not reach`
          : `${range} holds addresses ${use}`,
      fix: "choose a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
    },
  ];
}

function overlaps(ranges: readonly Range[]): Problem[] {
  return ranges.flatMap((a, i) =>
    ranges
      .slice(i + 1)
      .filter((b) => rangesOverlap(a.range, b.range))
      .map((b) => ({
        path: a.path,
        rule: `${a.range} overlaps ${b.path} (${b.range})`,
        fix: "give each of the two a range of its own",
      })),
  );
}

/** A device whose own network is in a range of the program loses one of the two. */
function homes({ edge }: Known, ranges: readonly Range[]): Problem[] {
  const hosts = edge.flatMap(({ path, device }) => {
    switch (device.reach) {
      case "bundle":
        return [];
      case "jump":
        return [
          { path: `${path}.host`, host: device.host },
          { path: `${path}.jump.host`, host: device.jump.host },
        ];
      case "lan":
        return [{ path: `${path}.host`, host: device.host }];
    }
  });
  return hosts.flatMap(({ path, host }) =>
    ranges
      .filter(({ range }) => rangesOverlap(`${host}/32`, range))
      .map((met) => ({
        path,
        rule: `${host} lies in ${met.path} (${met.range}): packets to that network would go into the fog`,
        fix: `choose another range for ${met.path}, apart from the device's home network`,
      })),
  );
}

function sizes({ cloud, overlay, k3s, devices }: Known): Problem[] {
  const problems: Problem[] = [];
  const workers = cloud.workers?.length ?? 0;
  const nodes = 1 + workers + devices;
  const tell = (path: string, rule: string, fix: string): void => {
    problems.push({ path, rule, fix });
  };
  const bitsOf = (range: string | undefined): number | undefined =>
    range === undefined ? undefined : parseCidr(range)?.bits;
  // Tiers and enrolment have blocks of 256 (see overlay-addresses.ts).
  const overlayBits = bitsOf(overlay.range);
  if (overlayBits !== undefined && overlayBits > 22) {
    tell(
      "fogline:overlay.range",
      `${overlay.range ?? ""} has fewer than 1024 addresses`,
      "use a prefix of /22 or shorter",
    );
  }
  // The controller manager gives each node a /24 of the pods' range.
  const podBits = bitsOf(k3s.podRange);
  if (podBits !== undefined && (podBits > 24 || 2 ** (24 - podBits) < nodes)) {
    tell(
      "fogline:k3s.podRange",
      `${k3s.podRange ?? ""} has no /24 for each of ${nodes} nodes`,
      `use a prefix of /${24 - Math.ceil(Math.log2(nodes))} or shorter; /16 has room for 256 nodes`,
    );
  }
  // K3s' DNS is the tenth address, and every Service takes one.
  const serviceBits = bitsOf(k3s.serviceRange);
  if (serviceBits !== undefined && serviceBits > 26) {
    tell(
      "fogline:k3s.serviceRange",
      `${k3s.serviceRange ?? ""} has fewer than 64 addresses for Services`,
      "use a prefix of /26 or shorter",
    );
  }
  const { network, subnet } = cloud;
  const subnetBits = bitsOf(subnet);
  if (network !== undefined && subnet !== undefined && !liesInside(subnet, network)) {
    tell(
      "fogline:cloud.subnet",
      `${subnet} does not lie inside fogline:cloud.network (${network})`,
      "choose a part of the network's range",
    );
  } else if (subnetBits !== undefined && 2 ** (32 - subnetBits) - AZURE_RESERVES < 1 + workers) {
    tell(
      "fogline:cloud.subnet",
      `${subnet ?? ""} has no address for each of ${1 + workers} machines: Azure keeps ${AZURE_RESERVES} of a subnet`,
      "use a shorter prefix, such as /24",
    );
  }
  return problems;
}

/** Who may reach SSH is told by addresses that a packet from the internet can have. */
function sources({ cloud }: Known): Problem[] {
  const list = cloud.sshFrom ?? [];
  return list.flatMap((range, n) => {
    const path = `fogline:cloud.sshFrom[${n}]`;
    const use = isDocumentation(range) ? undefined : specialUse(range);
    const met = list.slice(0, n).find((earlier) => rangesOverlap(earlier, range));
    const bits = parseCidr(range)?.bits ?? 32;
    return [
      ...(use === undefined
        ? []
        : [
            {
              path,
              rule: `${range} holds addresses ${use}: no packet reaches a cloud machine from there`,
              fix: "name this computer's address as the internet sees it, with /32",
            },
          ]),
      ...(bits > 0 && bits < WIDEST_SOURCE
        ? [
            {
              path,
              rule: `${range} opens SSH to more than ${2 ** (32 - WIDEST_SOURCE)} addresses`,
              fix: "name the operator's address with /32, or the provider's range",
            },
          ]
        : []),
      ...(met === undefined
        ? []
        : [
            {
              path,
              rule: met === range ? `${range} is listed twice` : `${range} overlaps ${met}`,
              fix: "keep the one that is meant",
            },
          ]),
    ];
  });
}
