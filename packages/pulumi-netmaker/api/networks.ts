/** Networks. API: controllers/network.go, logic/networks.go, schema/networks.go. */
import { z } from "zod";

import { bare, list, nothing } from "./answer.ts";
import type { Connection } from "./connection.ts";
import type { DnsRecords } from "./dns-records.ts";
import type { Egresses } from "./egresses.ts";
import type { EnrollmentKeys } from "./enrollment-keys.ts";
import { NetmakerError, type FieldRules } from "./error.ts";
import { path } from "./path.ts";

/** A network as the server holds it. */
export interface Network {
  /** The server's own id. */
  readonly id: string;
  /** The name, by which everything else refers to the network. */
  readonly name: string;
  /** IPv4 range in CIDR notation; unset on a network that has IPv6 only. */
  readonly addressRange: string | undefined;
  /** IPv6 range in CIDR notation. */
  readonly addressRange6: string | undefined;
  /** Seconds between WireGuard keepalives. */
  readonly keepalive: number;
  /** Bytes. */
  readonly mtu: number;
  /** Minutes without a check-in after which members are removed; unset: never. */
  readonly removeAfter: number | undefined;
  /** Whose members are removed: tags, or `*` for every one. */
  readonly removeTags: readonly string[];
}

/** What can be changed on a network that exists; the server keeps everything else as it was made. */
export interface NetworkUpdate {
  /** Minutes without a check-in after which members are removed. Default: never. */
  readonly removeAfter?: number | undefined;
  /** Whose members are removed: tags, or `*` for every one. Default: none. */
  readonly removeTags?: readonly string[] | undefined;
}

/** A network to create. At least one of the two ranges must be given. */
export interface NetworkArgs extends NetworkUpdate {
  /** 1 to 32 of `a-z`, `0-9`, `-` and `_`; unique on the server. */
  readonly name: string;
  /** IPv4 range in CIDR notation, /30 or larger; may overlap no other network's. */
  readonly addressRange?: string | undefined;
  /** IPv6 range in CIDR notation, /126 or larger; may overlap no other network's. */
  readonly addressRange6?: string | undefined;
  /** Seconds between WireGuard keepalives, 1 to 1000. Default 20. */
  readonly keepalive?: number | undefined;
  /** Bytes. Default 1280. */
  readonly mtu?: number | undefined;
}

const network = z
  .object({
    id: z.string(),
    netid: z.string(),
    addressrange: z.string(),
    addressrange6: z.string(),
    defaultkeepalive: z.number(),
    defaultmtu: z.number(),
    auto_remove: z.boolean(),
    auto_remove_tags: list(z.string()),
    auto_remove_threshold: z.number(),
  })
  .transform((raw): Network => ({
    id: raw.id,
    name: raw.netid,
    addressRange: raw.addressrange || undefined,
    addressRange6: raw.addressrange6 || undefined,
    keepalive: raw.defaultkeepalive,
    mtu: raw.defaultmtu,
    removeAfter: raw.auto_remove ? raw.auto_remove_threshold : undefined,
    removeTags: raw.auto_remove_tags,
  }));

const RULES: FieldRules = [
  [/network name/, "name"],
  [/\/127 or \/128|CIDR address: \S*:/, "addressRange6"],
  [/cidr/i, "addressRange"],
  [/keep alive/, "keepalive"],
];

const NAMES = {
  netid: "name",
  addressrange: "addressRange",
  addressrange6: "addressRange6",
  defaultkeepalive: "keepalive",
  defaultmtu: "mtu",
  auto_remove_threshold: "removeAfter",
  auto_remove_tags: "removeTags",
};

/** What is kept by a network's name, and outlives the network on the server. */
interface Leftovers {
  readonly egresses: Egresses;
  readonly dnsRecords: DnsRecords;
}

export class Networks {
  readonly #connection: Connection;
  readonly #leftovers: Leftovers;
  readonly #keys: EnrollmentKeys;

  constructor(connection: Connection, leftovers: Leftovers, keys: EnrollmentKeys) {
    this.#connection = connection;
    this.#leftovers = leftovers;
    this.#keys = keys;
  }

  /** Every network, by name. */
  list(): Promise<Network[]> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/networks`,
      read: bare(list(network)),
    });
  }

  /** A network by its name; undefined when there is none. */
  get(name: string): Promise<Network | undefined> {
    return this.#connection.sendIfPresent({
      method: "GET",
      path: path`/api/networks/${name}`,
      read: bare(network),
    });
  }

  /**
   * Creates a network, with the enrolment key of its name and the two rules that let every member
   * reach every other (`<name>.all-nodes`, `<name>.all-gateways`). The server stores ranges by their
   * first address: `10.9.8.7/24` comes back as `10.9.8.0/24`. What it kept of a deleted network of the same
   * name is in the new one (`deleteLeftovers`).
   *
   * @throws NetmakerError 400, with the field, for every rule that is broken
   */
  create(args: NetworkArgs): Promise<Network> {
    return this.#connection.send({
      method: "POST",
      path: path`/api/networks`,
      body: {
        netid: args.name,
        addressrange: args.addressRange ?? "",
        addressrange6: args.addressRange6 ?? "",
        defaultkeepalive: args.keepalive ?? 20,
        defaultmtu: args.mtu ?? 1280,
        ...removal(args),
      },
      read: bare(network),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Changes what can be changed; what is not given goes back to its default.
   *
   * @throws NetmakerError 400 `record not found` for an unknown network
   */
  update(name: string, changes: NetworkUpdate): Promise<Network> {
    return this.#connection.send({
      method: "PUT",
      path: path`/api/networks/${name}`,
      body: { netid: name, ...removal(changes) },
      read: bare(network),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Deletes a network with everything in it, and waits until it is gone: the server answers first and
   * removes members, external clients, rules and keys afterwards. Egresses and DNS records it would keep for
   * the next network of this name: they are deleted before. No error for an unknown network.
   *
   * @throws NetmakerError of kind `timeout` if it is still there after the call's deadline
   */
  async delete(name: string): Promise<void> {
    await this.deleteLeftovers(name);
    await this.#connection.send({
      method: "DELETE",
      path: path`/api/networks/${name}`,
      read: nothing,
    });
    await this.#connection.waitFor(`network ${name} gone`, async () =>
      (await this.get(name)) === undefined && !(await this.#hasKeys(name)) ? true : undefined,
    );
  }

  /** Keys go when the rules do, which cannot be asked for once the network is gone. */
  async #hasKeys(network: string): Promise<boolean> {
    try {
      return (await this.#keys.list()).some(({ networks }) => networks.includes(network));
    } catch (error) {
      if (error instanceof NetmakerError && error.kind === "timeout") {
        // A server that takes that long to list keys has long been ready with the rest.
        return false;
      }
      throw error;
    }
  }

  /** Deletes the egresses and DNS records of a network, or what is left of one that is deleted. */
  async deleteLeftovers(network: string): Promise<void> {
    const { egresses, dnsRecords } = this.#leftovers;
    for (const { id } of await egresses.list(network)) {
      await egresses.delete(id);
    }
    for (const { name } of await dnsRecords.list(network)) {
      await dnsRecords.delete(network, name);
    }
  }
}

function removal({ removeAfter, removeTags }: NetworkUpdate): Record<string, unknown> {
  return {
    auto_remove: removeAfter !== undefined,
    auto_remove_threshold: removeAfter ?? 0,
    auto_remove_tags: removeTags ?? [],
  };
}
