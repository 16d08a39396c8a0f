/**
 * Enrolment keys, with which a device becomes a member.
 * API: controllers/enrollmentkeys.go, logic/enrollmentkey.go, models/enrollment_key.go.
 */
import { z } from "zod";

import { bare, list, nothing } from "./answer.ts";
import type { Connection } from "./connection.ts";
import { invalidArgument, type FieldRules } from "./error.ts";
import { path, secret } from "./path.ts";

/** How a key ends: after a number of uses, at a time, or never. The server keeps one of them. */
export type KeyLimit =
  | { readonly kind: "uses"; readonly uses: number }
  | { readonly kind: "expires"; readonly at: Date }
  | { readonly kind: "unlimited" };

/** An enrolment key as the server holds it. Secret: `value` and `token`. */
export interface EnrollmentKey {
  /** The key itself, 32 characters, and its id in the API. Secret. */
  readonly value: string;
  /** What a device is given: the server's address and the key, in base64. Secret. */
  readonly token: string;
  readonly name: string;
  /** Networks that a device joins with it. */
  readonly networks: readonly string[];
  readonly limit: KeyLimit;
  /** The network's own key, made with it; the API deletes it with the network alone. */
  readonly isDefault: boolean;
  /** Tags that members get. */
  readonly groups: readonly string[];
  /** Node that relays for members; unset: none. */
  readonly relay: string | undefined;
}

/** What can be changed on a key that exists. */
export interface EnrollmentKeyUpdate {
  /** Node that relays for members, by its id. Default: none. */
  readonly relay?: string | undefined;
  /** Tags that members get. Default: none. */
  readonly groups?: readonly string[] | undefined;
}

/** A key to create. */
export interface EnrollmentKeyArgs extends EnrollmentKeyUpdate {
  /** 3 to 32 characters; unique on the server, where every network has a key of its own name. */
  readonly name: string;
  /** Networks that a device joins; the server does not check that they exist. */
  readonly networks: readonly string[];
  /** How the key ends. A key of limited uses cannot expire as well: the server drops the time. */
  readonly limit: KeyLimit;
}

const NO_RELAY = "00000000-0000-0000-0000-000000000000";

/** models.KeyType. */
const EXPIRES = 1;
const UNLIMITED = 3;

const key = z
  .object({
    value: z.string(),
    token: z.string(),
    tags: list(z.string()),
    networks: list(z.string()),
    type: z.number(),
    expiration: z.iso.datetime({ offset: true }),
    uses_remaining: z.number(),
    default: z.boolean(),
    groups: list(z.string()),
    relay: z.string(),
  })
  .transform((raw): EnrollmentKey => ({
    value: raw.value,
    token: raw.token,
    name: raw.tags[0] ?? "",
    networks: raw.networks,
    limit: limitOf(raw),
    isDefault: raw.default,
    groups: raw.groups,
    relay: raw.relay === NO_RELAY ? undefined : raw.relay,
  }));

function limitOf(raw: { type: number; expiration: string; uses_remaining: number }): KeyLimit {
  switch (raw.type) {
    case EXPIRES:
      return { kind: "expires", at: new Date(raw.expiration) };
    case UNLIMITED:
      return { kind: "unlimited" };
    default:
      return { kind: "uses", uses: raw.uses_remaining };
  }
}

const RULES: FieldRules = [
  [/name length|key names/, "name"],
  [/enrollment key is not valid/, "limit"],
  [/relay|UUID/, "relay"],
];

const NAMES = { tags: "name", uses_remaining: "limit", expiration: "limit" };

/** servercfg/serverconf.go, GetPublicIP, which Tokenize calls for each key. */
const LATE =
  "a server that cannot reach the internet asks three public services for its own address, for each key, 10 s " +
  "each: give the server HTTPS_PROXY=http://127.0.0.1:9, or the client more time";

export class EnrollmentKeys {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Every key of the server, each network's own one among them. */
  list(): Promise<EnrollmentKey[]> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/v1/enrollment-keys`,
      late: LATE,
      read: bare(list(key)),
    });
  }

  /** A key by its value; undefined when there is none. */
  async get(value: string): Promise<EnrollmentKey | undefined> {
    return (await this.list()).find((candidate) => candidate.value === value);
  }

  /** A key by its name; undefined when there is none. */
  async find(name: string): Promise<EnrollmentKey | undefined> {
    return (await this.list()).find((candidate) => candidate.name === name);
  }

  /**
   * Creates a key.
   *
   * @throws NetmakerError 400 for a name that is taken, too short or too long
   */
  async create(args: EnrollmentKeyArgs): Promise<EnrollmentKey> {
    return await this.#connection.send({
      method: "POST",
      path: path`/api/v1/enrollment-keys`,
      late: LATE,
      body: { tags: [args.name], networks: args.networks, ...limitBody(args.limit), ...rest(args) },
      read: bare(key),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Changes relay and tags, the only things the API changes; whatever is not given is taken away.
   *
   * @throws NetmakerError 500 `no enrollmentkey found` for an unknown key
   */
  update(value: string, changes: EnrollmentKeyUpdate): Promise<EnrollmentKey> {
    return this.#connection.send({
      method: "PUT",
      path: path`/api/v1/enrollment-keys/${secret(value)}`,
      body: rest(changes),
      read: bare(key),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Deletes a key; members that joined with it stay. No error for an unknown key.
   *
   * @throws NetmakerError 500 `cannot delete default network key` for a network's own key
   */
  async delete(value: string): Promise<void> {
    await this.#connection.sendIfPresent({
      method: "DELETE",
      path: path`/api/v1/enrollment-keys/${secret(value)}`,
      read: nothing,
    });
  }
}

function limitBody(limit: KeyLimit): Record<string, unknown> {
  switch (limit.kind) {
    case "uses":
      // The server would take a negative number for no limit given.
      if (!Number.isInteger(limit.uses) || limit.uses < 1) {
        throw invalidArgument("limit", "a key of limited uses needs 1 or more");
      }
      return { uses_remaining: limit.uses };
    case "expires":
      return { expiration: Math.floor(limit.at.getTime() / 1000) };
    case "unlimited":
      return { unlimited: true };
  }
}

function rest({ relay, groups }: EnrollmentKeyUpdate): Record<string, unknown> {
  return { relay: relay ?? "", groups: groups ?? [] };
}
