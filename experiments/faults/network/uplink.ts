/** The interface by which a machine reaches the world: that of its default route over IPv4. */
import { z } from "zod";

import type { Site } from "../../site.ts";
import { script } from "./script.ts";

export interface Uplink {
  readonly device: string;
  readonly mtu: number;
  /** Source of what the machine sends by it. */
  readonly address: string;
  /** Ranges that it reaches without a router, e.g. `192.168.50.0/24`. */
  readonly subnets: readonly string[];
  /** Whether packets must come in by the interface by which an answer would leave (`rp_filter`, RFC 3704). */
  readonly isStrict: boolean;
}

const ROUTES = z.array(
  z.object({
    dst: z.string(),
    dev: z.string(),
    metric: z.number().default(0),
    prefsrc: z.string().optional(),
    /** `link` where there is no router between. */
    scope: z.string().optional(),
    gateway: z.string().optional(),
  }),
);
const LINKS = z.array(
  z.object({
    ifname: z.string(),
    mtu: z.number(),
    addr_info: z.array(z.object({ local: z.string().optional(), scope: z.string().optional() })),
  }),
);

/** What an interface may be called, and a shell and nftables take as they are. */
const DEVICE = /^[A-Za-z0-9._-]{1,15}$/;

const LOOK = script(
  ["ip"],
  "ip -json -4 route show table main; echo",
  "ip -json -4 address show; echo",
  "grep -H . /proc/sys/net/ipv4/conf/*/rp_filter",
);

/**
 * Asks a machine for its uplink.
 *
 * @throws Error where it has no default route, or lacks iproute2
 */
export async function uplinkOf(site: Site, machine: string): Promise<Uplink> {
  const [routes = "", links = "", ...filters] = (await site.onMachine(machine, LOOK))
    .split("\n")
    .filter((line) => line.trim() !== "");
  return readUplink(machine, routes, links, filters);
}

/** Reads what iproute2 printed as JSON, and lines of `/proc/sys` with their file's name. */
export function readUplink(
  machine: string,
  routesText: string,
  linksText: string,
  filters: readonly string[],
): Uplink {
  const routes = ROUTES.parse(JSON.parse(routesText));
  const [route] = routes.filter(({ dst }) => dst === "default").sort((a, b) => a.metric - b.metric);
  const link = LINKS.parse(JSON.parse(linksText)).find(({ ifname }) => ifname === route?.dev);
  const address = route?.prefsrc ?? link?.addr_info.find(({ scope }) => scope === "global")?.local;
  if (route === undefined || link === undefined || address === undefined) {
    throw new Error(
      `${machine} has no default route over IPv4 by an interface with an address: its uplink is not known`,
    );
  }
  const device = route.dev;
  if (!DEVICE.test(device)) {
    throw new Error(`${machine}: ${JSON.stringify(device)} is no name of an interface`);
  }
  const filterOf = (name: string): number =>
    Number(filters.find((line) => line.includes(`/conf/${name}/rp_filter:`))?.split(":")[1] ?? 0);
  return {
    device,
    mtu: link.mtu,
    address,
    subnets: routes
      .filter(
        ({ dev, dst, gateway }) => dev === device && dst !== "default" && gateway === undefined,
      )
      .map(({ dst }) => dst),
    // The kernel takes the larger of both (ip-sysctl).
    isStrict: Math.max(filterOf("all"), filterOf(device)) === 1,
  };
}
