/**
 * Namespaces, addresses and folders of the lab, in one place, so that no two parts of the lab
 * disagree. All addresses are documentation or private ranges (RFC 5737, RFC 1918)
 * and exist only inside the lab's network namespaces.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Top of the checkout. */
export const PROJECT = resolve(import.meta.dirname, "..");

/** What one lab keeps between commands: keys, state, logs, process ids. Removed by `make down`. */
export const RUN = join(PROJECT, ".fogline", "lab");

/** Tools of the toolchain that commands and tests run: links, which `make up` sets. */
export const TOOLS = {
  kubectl: join(RUN, "tools", "kubectl"),
  /** Folder with `bin/pulumi`. */
  pulumi: join(RUN, "tools", "pulumi"),
} as const;

/** What the operator's laptop builds images with, where the stack's settings ask for that. */
export const BUILD_TOOLS = join(RUN, "build-tools");

/** Root file systems of running machines: on a plain disk, as containerd cannot stack overlays. */
export const MACHINES = "/var/lib/fogline/machines";

/** Built and downloaded parts, by content: outside the tree, shared by checkouts, kept by `down`. */
export const CACHE = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fogline");

/** Network namespaces; none has a way to the outside. */
export const NAMESPACES = {
  /** Only there while devices stand behind a second router. */
  inner: "fogline-inner",
  laptop: "fogline-laptop",
  home: "fogline-home",
  /** Only there once a device has moved. */
  home2: "fogline-home2",
  cloud: "fogline-cloud",
} as const;

/**
 * Hardware address of every router on its LAN or subnet, each alone in its own. A bridge without one
 * takes over a port's, so unplugging one machine would cut the others off until they ask again.
 */
export const ROUTER_MAC = "02:0f:06:00:00:01";

/** The home: a LAN behind a router that masquerades. */
export const HOME = {
  lan: "192.168.50.0/24",
  router: "192.168.50.1",
  laptop: "192.168.50.2",
  pi: "192.168.50.10",
  /** The home's address as the internet sees it. */
  outer: "198.51.100.2",
  /** The provider's end of the uplink, in the fabric. */
  provider: "198.51.100.1",
  uplinkMbit: 20,
  downlinkMbit: 50,
} as const;

/** A second home, to which the Pi can be carried: another LAN behind another outer address. */
export const HOME2 = {
  lan: "192.168.77.0/24",
  router: "192.168.77.1",
  pi: "192.168.77.23",
  outer: "198.51.100.6",
  provider: "198.51.100.5",
} as const;

/** A LAN behind a router of its own inside the first home: two NATs from the internet. */
export const INNER = {
  lan: "192.168.60.0/24",
  router: "192.168.60.1",
  devices: { attic: "192.168.60.10", cabin: "192.168.60.11" },
  /** The inner router's address on the home's LAN. */
  outer: "192.168.50.30",
} as const;

/** The internet and cloud fabric. */
export const FABRIC = {
  /** Public addresses that the cloud hands out, from .10 on. */
  publicRange: "203.0.113.0/24",
  /** Where the internet's services that machines need are found: registry and downloads. */
  services: "192.0.2.10",
  registryPort: 5000,
  downloadPort: 8080,
} as const;
