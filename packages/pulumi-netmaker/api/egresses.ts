/**
 * Egresses: ranges outside a network that its members reach through one of them.
 * API: controllers/egress.go, logic/egress.go, schema/egress.go.
 */
import { z } from "zod";

import { list, nothing, wrapped } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { invalidArgument, type FieldRules } from "./error.ts";
import { path } from "./path.ts";

/** Arguments of an egress that is created or changed. */
export interface EgressArgs {
  readonly name: string;
  readonly network: string;
  /**
   * Range in CIDR notation. Overlaps with other egresses are the caller's to avoid: the community
   * edition refuses none (`overlappingRanges` of this library finds them).
   */
  readonly range: string;
  /** The routing member by its node's id, and the metric of its route; the community edition takes one. */
  readonly node: string;
  /** 1 to 999, less is preferred. Default 256. */
  readonly metric?: number | undefined;
  /** Whether the member hides the network's addresses behind its own. Default true. */
  readonly nat?: boolean | undefined;
  /** Description. Default none. */
  readonly description?: string | undefined;
  /** Whether the range is routed. Default true; the server ignores false at creation. */
  readonly enabled?: boolean | undefined;
}

/** An egress as the server holds it. */
export interface Egress {
  readonly id: string;
  readonly name: string;
  readonly network: string;
  readonly description: string;
  /** By its first address; empty for an egress by domain name. */
  readonly range: string;
  /** Domain name whose addresses are routed; empty for an egress by range. */
  readonly domain: string;
  /** Metric of each routing member, by its node's id. */
  readonly nodes: Readonly<Record<string, number>>;
  readonly nat: boolean;
  readonly enabled: boolean;
}

const egress = z
  .object({
    id: z.string(),
    name: z.string(),
    network: z.string(),
    description: z.string(),
    range: z.string(),
    domain: z.string(),
    nodes: z.record(z.string(), z.number()).nullable(),
    nat: z.boolean(),
    status: z.boolean(),
  })
  .transform(({ nodes, status, ...rest }): Egress => ({
    ...rest,
    nodes: nodes ?? {},
    enabled: status,
  }));

const RULES: FieldRules = [
  [/CIDR/, "range"],
  [/routing node/, "node"],
  [/record not found/, "network"],
];

const NAMES = { nodes: "node", status: "enabled" };

export class Egresses {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Every egress of a network; none for an unknown network. */
  list(network: string): Promise<Egress[]> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/v1/egress?network=${network}`,
      read: wrapped(list(egress)),
    });
  }

  /** An egress by its id; undefined when there is none. */
  async get(network: string, id: string): Promise<Egress | undefined> {
    return (await this.list(network)).find((candidate) => candidate.id === id);
  }

  /**
   * Creates an egress. Names need not be unique: a second call makes a second one.
   *
   * @throws NetmakerError 400 for a bad range, an unknown network or node
   */
  create(args: EgressArgs): Promise<Egress> {
    return this.#connection.send({
      method: "POST",
      path: path`/api/v1/egress`,
      body: bodyOf(args),
      read: wrapped(egress),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Replaces everything but id and network.
   *
   * @throws NetmakerError 400 `record not found` for an unknown egress or network
   */
  async update(id: string, args: EgressArgs): Promise<Egress> {
    // Without an id the server would change the first egress it finds (schema/egress.go, Get).
    if (id === "") {
      throw invalidArgument("id", "must not be empty");
    }
    return await this.#connection.send({
      method: "PUT",
      path: path`/api/v1/egress`,
      body: { ...bodyOf(args), id },
      read: wrapped(egress),
      rules: RULES,
      names: NAMES,
    });
  }

  /** Deletes an egress, and takes it out of the ACL rules that name it. No error for an unknown one. */
  async delete(id: string): Promise<void> {
    await this.#connection.sendIfPresent({
      method: "DELETE",
      path: path`/api/v1/egress?id=${id}`,
      read: nothing,
    });
  }
}

function bodyOf(args: EgressArgs): Record<string, unknown> {
  const nat = args.nat ?? true;
  return {
    name: args.name,
    network: args.network,
    description: args.description ?? "",
    range: args.range,
    nodes: { [args.node]: args.metric ?? 256 },
    nat,
    mode: nat ? "direct_nat" : "",
    status: args.enabled ?? true,
  };
}
