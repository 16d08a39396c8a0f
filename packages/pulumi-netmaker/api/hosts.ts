/**
 * Hosts: the machines that run netclient. They register themselves with an enrolment key.
 * API: controllers/hosts.go, models/api_host.go.
 */
import { z } from "zod";

import { bare, list, nothing } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { NetmakerError, type FieldRules } from "./error.ts";
import { path } from "./path.ts";

/** What can be changed on a host; what is not given stays. */
export interface HostUpdate {
  /** Also the first part of its DNS name. */
  readonly name?: string | undefined;
  /** Public address at which others reach it; the server notes what the host reports. */
  readonly endpointIp?: string | undefined;
  readonly endpointIp6?: string | undefined;
  /** Whether the endpoint stays as it is, whatever the host reports. */
  readonly isStatic?: boolean | undefined;
  /** UDP port of WireGuard. */
  readonly listenPort?: number | undefined;
  /** Whether the port stays as it is. The server sets this on gateways. */
  readonly isStaticPort?: boolean | undefined;
  /** Bytes. */
  readonly mtu?: number | undefined;
  /** Seconds between WireGuard keepalives. */
  readonly keepalive?: number | undefined;
  /** Whether it becomes member and gateway of every network that is made. */
  readonly isDefault?: boolean | undefined;
  /** Whether netclient follows the server's version. */
  readonly autoUpdate?: boolean | undefined;
  /** Whether the server manages its name resolution. */
  readonly managesDns?: boolean | undefined;
}

/** A host as the server holds it. */
export interface Host extends Required<{ readonly [K in keyof HostUpdate]: HostUpdate[K] }> {
  readonly id: string;
  /** Version of netclient. */
  readonly version: string;
  /** `linux`, `windows`, `darwin` … */
  readonly os: string;
  /** WireGuard's. */
  readonly publicKey: string;
  /** Ids of its memberships: one node in every network. */
  readonly nodes: readonly string[];
  /** `public`, `behind NAT` …, as netclient found it. */
  readonly natType: string;
}

/** The API replaces a host as a whole: what this library does not know is sent back as it came. */
const raw = z.looseObject({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  os: z.string(),
  publickey: z.string(),
  endpointip: z.string(),
  endpointipv6: z.string(),
  isstatic: z.boolean(),
  listenport: z.number(),
  isstaticport: z.boolean(),
  mtu: z.number(),
  persistentkeepalive: z.number(),
  isdefault: z.boolean(),
  autoupdate: z.boolean(),
  dns: z.string(),
  nodes: list(z.string()),
  nat_type: z.string(),
});
type Raw = z.output<typeof raw>;

function hostOf(from: Raw): Host {
  return {
    id: from.id,
    name: from.name,
    version: from.version,
    os: from.os,
    publicKey: from.publickey,
    endpointIp: from.endpointip || undefined,
    endpointIp6: from.endpointipv6 || undefined,
    isStatic: from.isstatic,
    listenPort: from.listenport,
    isStaticPort: from.isstaticport,
    mtu: from.mtu,
    keepalive: from.persistentkeepalive,
    isDefault: from.isdefault,
    autoUpdate: from.autoupdate,
    managesDns: from.dns === "yes",
    nodes: from.nodes,
    natType: from.nat_type,
  };
}

function withChanges(from: Raw, changes: HostUpdate): Raw {
  return {
    ...from,
    name: changes.name ?? from.name,
    endpointip: changes.endpointIp ?? from.endpointip,
    endpointipv6: changes.endpointIp6 ?? from.endpointipv6,
    isstatic: changes.isStatic ?? from.isstatic,
    listenport: changes.listenPort ?? from.listenport,
    isstaticport: changes.isStaticPort ?? from.isstaticport,
    mtu: changes.mtu ?? from.mtu,
    persistentkeepalive: changes.keepalive ?? from.persistentkeepalive,
    isdefault: changes.isDefault ?? from.isdefault,
    autoupdate: changes.autoUpdate ?? from.autoupdate,
    dns: changes.managesDns === undefined ? from.dns : changes.managesDns ? "yes" : "no",
  };
}

const RULES: FieldRules = [
  [/host id/, "id"],
  [/network/, "network"],
];

export class Hosts {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Every host, by id. */
  async list(): Promise<Host[]> {
    return (await this.#list()).map(hostOf);
  }

  /** A host by its id; undefined when there is none. */
  async get(id: string): Promise<Host | undefined> {
    return (await this.list()).find((host) => host.id === id);
  }

  /** Waits until a host of this name has enrolled. */
  waitFor(name: string): Promise<Host> {
    return this.#connection.waitFor(`a host of the name ${name}`, async () =>
      (await this.list()).find((host) => host.name === name),
    );
  }

  /**
   * Changes a host, and tells it over the broker.
   *
   * @throws NetmakerError of kind `refused` for an unknown host
   */
  async update(id: string, changes: HostUpdate): Promise<Host> {
    const route = path`/api/hosts/${id}`;
    const current = (await this.#list()).find((host) => host.id === id);
    if (current === undefined) {
      const reason = "no such host: record not found";
      throw new NetmakerError({ kind: "refused", method: "PUT", path: route.shown, reason });
    }
    return await this.#connection.send({
      method: "PUT",
      path: route,
      body: withChanges(current, changes),
      read: (body) => hostOf(bare(raw)(body)),
      rules: RULES,
    });
  }

  /**
   * Deletes a host with its memberships; netclient is asked to leave. No error for an unknown host.
   *
   * @param force default false: a host that is still in a network is refused (500)
   */
  async delete(id: string, { force = false } = {}): Promise<void> {
    // The path without `ui` takes a host's own token or the master key, but no user's.
    await this.#connection.sendIfPresent({
      method: "DELETE",
      path: path`/api/v1/ui/hosts/${id}?force=${String(force)}`,
      read: nothing,
      rules: RULES,
    });
  }

  /**
   * Makes a host a member of a network.
   *
   * @throws NetmakerError 500 for a member, an unknown host or network
   */
  join(id: string, network: string): Promise<void> {
    return this.#connection.send({
      method: "POST",
      path: path`/api/hosts/${id}/networks/${network}`,
      read: nothing,
      rules: RULES,
    });
  }

  /**
   * Ends a host's membership of a network, at once: without `force` the server would only mark it and
   * wait for the host. No error where there is none.
   */
  async leave(id: string, network: string): Promise<void> {
    try {
      await this.#connection.send({
        method: "DELETE",
        path: path`/api/hosts/${id}/networks/${network}?force=true`,
        read: nothing,
        rules: RULES,
      });
    } catch (error) {
      const none =
        error instanceof NetmakerError && (error.notFound || NO_MEMBER.test(error.reason));
      if (!none) {
        throw error;
      }
    }
  }

  #list(): Promise<Raw[]> {
    return this.#connection.send({ method: "GET", path: path`/api/hosts`, read: bare(list(raw)) });
  }
}

const NO_MEMBER = /host not part of the network/;
