/**
 * ACL rules: who in a network may reach whom, on which ports.
 * API: controllers/acls.go, logic/acls.go, models/acl.go.
 */
import { z } from "zod";

import { list, nothing, wrapped } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { NetmakerError, type FieldRules } from "./error.ts";
import { path } from "./path.ts";
import type { Call } from "./transport.ts";

/** One end of a rule. */
export type AclEnd =
  /** Every member. */
  | { readonly kind: "everyone" }
  /** The network's gateways. */
  | { readonly kind: "gateways" }
  /** A member by its node's id, or an external client by its own. */
  | { readonly kind: "device"; readonly id: string }
  /** What is behind an egress, by its id. */
  | { readonly kind: "egress"; readonly id: string };

/** Transport protocol of a rule. */
export type AclProtocol = "all" | "tcp" | "udp" | "icmp";

/** Arguments of a rule that is created or changed. Rules only allow; none denies. */
export interface AclRuleArgs {
  readonly name: string;
  readonly network: string;
  readonly from: readonly AclEnd[];
  readonly to: readonly AclEnd[];
  /** Default `all`. */
  readonly protocol?: AclProtocol | undefined;
  /** Ports or spans of ports (`80`, `8000-8080`), for tcp and udp. Default: every port. */
  readonly ports?: readonly string[] | undefined;
  /** Default true. */
  readonly enabled?: boolean | undefined;
  /** Text that is kept with the rule; the server takes it at creation alone. Default none. */
  readonly note?: string | undefined;
}

/** A rule as the server holds it. */
export interface AclRule {
  readonly id: string;
  readonly name: string;
  readonly network: string;
  readonly from: readonly AclEnd[];
  readonly to: readonly AclEnd[];
  readonly protocol: string;
  readonly ports: readonly string[];
  readonly enabled: boolean;
  /** Made with the network: can be switched on and off, but neither changed nor deleted. */
  readonly isDefault: boolean;
  readonly note: string;
}

const end = z.object({ id: z.string(), value: z.string() });

const rule = z
  .object({
    id: z.string(),
    name: z.string(),
    network_id: z.string(),
    src_type: list(end),
    dst_type: list(end),
    protocol: z.string(),
    ports: list(z.string()),
    enabled: z.boolean(),
    default: z.boolean(),
    meta_data: z.string(),
  })
  .transform((raw): AclRule => ({
    id: raw.id,
    name: raw.name,
    network: raw.network_id,
    from: raw.src_type.map(endOf),
    to: raw.dst_type.map(endOf),
    protocol: raw.protocol,
    ports: raw.ports,
    enabled: raw.enabled,
    isDefault: raw.default,
    note: raw.meta_data,
  }));

/** models.AclGroupType; tags other than `*` and the gateways' need the professional edition. */
function endOf({ id, value }: z.output<typeof end>): AclEnd {
  if (id === "egress-id") {
    return { kind: "egress", id: value };
  }
  if (id === "device") {
    return { kind: "device", id: value };
  }
  return value === "*" ? { kind: "everyone" } : { kind: "gateways" };
}

function endBody(network: string, of: AclEnd): z.output<typeof end> {
  switch (of.kind) {
    case "everyone":
      return { id: "tag", value: "*" };
    case "gateways":
      return { id: "tag", value: `${network}.gateways` };
    case "device":
      return { id: "device", value: of.id };
    case "egress":
      return { id: "egress-id", value: of.id };
  }
}

const RULES: FieldRules = [
  [/network/, "network"],
  [/invalid node|invalid egress|source mismatch/, "from, to"],
];

const NAMES = {
  network_id: "network",
  src_type: "from",
  dst_type: "to",
};

export class AclRules {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Every rule of a network, by name.
   *
   * @throws NetmakerError 400 `record not found` for an unknown network
   */
  list(network: string): Promise<AclRule[]> {
    return this.#connection.send(listing(network));
  }

  /** A rule by its id; undefined when there is none, or no such network. */
  get(network: string, id: string): Promise<AclRule | undefined> {
    return this.#find(network, (candidate) => candidate.id === id);
  }

  /**
   * The first rule of a name, those that came with the network aside; undefined when there is none,
   * or no such network.
   */
  find(network: string, name: string): Promise<AclRule | undefined> {
    return this.#find(network, (candidate) => candidate.name === name && !candidate.isDefault);
  }

  /**
   * Creates a rule for both directions, the only kind the community edition has. Names need not be
   * unique. The server's master key cannot do this: it takes a user.
   *
   * @throws NetmakerError 400 for an unknown network, device or egress
   */
  create(args: AclRuleArgs): Promise<AclRule> {
    return this.#connection.send({
      method: "POST",
      path: path`/api/v1/acls`,
      body: bodyOf(args),
      read: wrapped(rule),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Replaces a rule; of one that came with the network only `enabled` changes.
   *
   * @throws NetmakerError 400 for an unknown rule, or one of another network
   */
  update(id: string, args: AclRuleArgs): Promise<AclRule> {
    return this.#connection.send({
      method: "PUT",
      path: path`/api/v1/acls`,
      body: { ...bodyOf(args), id },
      read: wrapped(rule),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Deletes a rule. No error for an unknown one.
   *
   * @throws NetmakerError 400 `cannot delete default policy` for one that came with the network
   */
  async delete(id: string): Promise<void> {
    await this.#connection.sendIfPresent({
      method: "DELETE",
      path: path`/api/v1/acls?acl_id=${id}`,
      read: nothing,
    });
  }

  /**
   * Waits until no rule of a network names one of these devices. The server takes a client that is changed or
   * deleted, and a member that leaves, out of the rules some time after it has answered.
   *
   * @param limit milliseconds; default 15,000, where it takes some hundredths of a second as a rule
   * @param among rules to search; default: all
   * @returns whether none does; one that still does is one that the server will not change: it was ended
   *   meanwhile
   */
  async waitUntilForgotten(
    network: string,
    devices: readonly string[],
    limit = 15_000,
    among: (rule: AclRule) => boolean = () => true,
  ): Promise<boolean> {
    const names = (rule: AclRule): boolean => among(rule) && namesDevice(rule, devices);
    const forgotten = async (): Promise<true | undefined> =>
      (await this.#find(network, names)) === undefined ? true : undefined;
    try {
      return await this.#connection.waitFor("rules to be changed", forgotten, limit);
    } catch (error) {
      if (error instanceof NetmakerError && error.kind === "timeout" && error.path === "") {
        return false;
      }
      throw error;
    }
  }

  async #find(
    network: string,
    isIt: (candidate: AclRule) => boolean,
  ): Promise<AclRule | undefined> {
    return (await this.#connection.sendIfPresent(listing(network)))?.find(isIt);
  }
}

/** Whether one of these devices is an end of a rule: a node's id or a client's. */
export function namesDevice(
  { from, to }: Pick<AclRule, "from" | "to">,
  devices: readonly string[],
): boolean {
  return [...from, ...to].some((of) => of.kind === "device" && devices.includes(of.id));
}

function listing(network: string): Call<AclRule[]> {
  return {
    method: "GET",
    path: path`/api/v1/acls?network=${network}`,
    read: wrapped(list(rule)),
    rules: RULES,
  };
}

/** What the API calls a service: `Any` makes the server drop protocol and ports. */
const SERVICES: Readonly<Record<AclProtocol, string>> = {
  all: "Any",
  tcp: "Custom",
  udp: "Custom",
  icmp: "ICMP",
};

/** models.TrafficDirectionBi. */
const BOTH_DIRECTIONS = 1;

function bodyOf(args: AclRuleArgs): Record<string, unknown> {
  const protocol = args.protocol ?? "all";
  return {
    name: args.name,
    network_id: args.network,
    policy_type: "device-policy",
    src_type: args.from.map((of) => endBody(args.network, of)),
    dst_type: args.to.map((of) => endBody(args.network, of)),
    protocol,
    type: SERVICES[protocol],
    ports: args.ports ?? [],
    allowed_traffic_direction: BOTH_DIRECTIONS,
    enabled: args.enabled ?? true,
    meta_data: args.note ?? "",
  };
}
