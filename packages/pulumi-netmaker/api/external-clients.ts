/**
 * External clients: devices that join through a gateway with a plain WireGuard configuration.
 * API: controllers/ext_client.go, logic/extpeers.go, models/extclient.go.
 */
import { z } from "zod";

import { bare, list, nothing, text } from "./answer.ts";
import type { Connection } from "./connection.ts";
import type { FieldRules } from "./error.ts";
import { path } from "./path.ts";

/** What can be changed on a client that exists. */
export interface ExternalClientUpdate {
  /** Whether its packets are let through. Default true. */
  readonly enabled?: boolean | undefined;
  /** Name servers, comma-separated addresses. Default: what the gateway gives. */
  readonly dns?: string | undefined;
  /** Ranges behind the client that others reach through it; none may touch the network's own. */
  readonly extraAllowedIps?: readonly string[] | undefined;
  /** Commands that wg-quick runs after the interface is up; at most 1024 characters. */
  readonly postUp?: string | undefined;
  /** Commands that wg-quick runs after the interface is down; at most 1024 characters. */
  readonly postDown?: string | undefined;
  /** The client's own WireGuard key. Default: a new client gets a pair, one that is there keeps its key. */
  readonly publicKey?: string | undefined;
}

/** A client to create. */
export interface ExternalClientArgs extends ExternalClientUpdate {
  /** 5 to 32 of letters, digits and `-`; unique on the server, in whichever network. */
  readonly id: string;
}

/** A client as the server holds it. */
export interface ExternalClient {
  readonly id: string;
  readonly network: string;
  /** The gateway, by its node's id. */
  readonly gateway: string;
  /** Public address and port of the gateway. */
  readonly endpoint: string;
  readonly publicKey: string;
  /** Secret. Unset in lists, and where the client brought its own key. */
  readonly privateKey: string | undefined;
  /** Without a prefix length; from the end of the network's range. */
  readonly address: string | undefined;
  readonly address6: string | undefined;
  readonly enabled: boolean;
  readonly dns: string;
  readonly extraAllowedIps: readonly string[];
  readonly postUp: string;
  readonly postDown: string;
}

/** What the server writes in the place of a private key that it does not have. */
const NO_KEY = "[ENTER PRIVATE KEY]";

const client = z
  .object({
    clientid: z.string(),
    network: z.string(),
    ingressgatewayid: z.string(),
    ingressgatewayendpoint: z.string(),
    publickey: z.string(),
    privatekey: z.string(),
    address: z.string(),
    address6: z.string(),
    enabled: z.boolean(),
    dns: z.string(),
    extraallowedips: list(z.string()),
    postup: z.string(),
    postdown: z.string(),
  })
  .transform((raw): ExternalClient => ({
    id: raw.clientid,
    network: raw.network,
    gateway: raw.ingressgatewayid,
    endpoint: raw.ingressgatewayendpoint,
    publicKey: raw.publickey,
    privateKey: raw.privatekey === NO_KEY ? undefined : raw.privatekey || undefined,
    address: raw.address || undefined,
    address6: raw.address6 || undefined,
    enabled: raw.enabled,
    dns: raw.dns,
    extraAllowedIps: raw.extraallowedips,
    postUp: raw.postup,
    postDown: raw.postdown,
  }));

const RULES: FieldRules = [
  [/node name|client name/, "id"],
  [/public key/, "publicKey"],
  [/extra ip|egress range/, "extraAllowedIps"],
  [/client dns/, "dns"],
  [/ingress does not exist/, "gateway"],
];

const NAMES = {
  clientid: "id",
  publickey: "publicKey",
  extraallowedips: "extraAllowedIps",
  postup: "postUp",
  postdown: "postDown",
};

export class ExternalClients {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Every client of a network, without private keys; none for an unknown network. */
  list(network: string): Promise<ExternalClient[]> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/extclients/${network}`,
      read: bare(list(client)),
    });
  }

  /** A client by its id, with its private key; undefined when there is none. */
  get(network: string, id: string): Promise<ExternalClient | undefined> {
    return this.#connection.sendIfPresent({
      method: "GET",
      path: path`/api/extclients/${network}/${id}`,
      read: bare(client),
    });
  }

  /**
   * Creates a client; it is enabled whatever `enabled` says.
   *
   * @param gateway the gateway's node, by its id
   * @throws NetmakerError 400 with the field for every rule that is broken
   */
  create(network: string, gateway: string, args: ExternalClientArgs): Promise<ExternalClient> {
    return this.#connection.send({
      method: "POST",
      path: path`/api/extclients/${network}/${gateway}`,
      body: bodyOf(args.id, args),
      read: bare(client),
      rules: RULES,
      names: NAMES,
    });
  }

  /**
   * Changes a client; what is not given goes back to its default, but for the key. The address stays. Of
   * a client whose pair the server made, it would keep the private key beside another public one.
   *
   * The server removes the client from the ACL rules that name it, and those that name nobody else:
   * they have to be declared again (logic/extpeers.go, DeleteExtClient).
   *
   * @throws NetmakerError 500 for an unknown client
   */
  update(network: string, id: string, changes: ExternalClientUpdate): Promise<ExternalClient> {
    return this.#connection.send({
      method: "PUT",
      path: path`/api/extclients/${network}/${id}`,
      body: bodyOf(id, changes),
      read: bare(client),
      rules: RULES,
      names: NAMES,
    });
  }

  /** Deletes a client; its peers remove it at once. No error for an unknown client. */
  delete(network: string, id: string): Promise<void> {
    return this.#connection.send({
      method: "DELETE",
      path: path`/api/extclients/${network}/${id}`,
      read: nothing,
    });
  }

  /**
   * The configuration for wg-quick: address, key, name servers, the gateway and every range that is
   * reached through it, egress ranges included. Secret.
   *
   * @throws NetmakerError 500 `no result found` for an unknown client
   */
  config(network: string, id: string): Promise<string> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/extclients/${network}/${id}/file`,
      read: text,
    });
  }
}

/** Id and `enabled` always: without the one the server loses the client, without the other it shuts it off. */
function bodyOf(id: string, args: ExternalClientUpdate): Record<string, unknown> {
  return {
    clientid: id,
    publickey: args.publicKey ?? "",
    enabled: args.enabled ?? true,
    dns: args.dns ?? "",
    extraallowedips: args.extraAllowedIps ?? [],
    postup: args.postUp ?? "",
    postdown: args.postDown ?? "",
    tags: {},
  };
}
