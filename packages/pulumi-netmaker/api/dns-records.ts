/**
 * DNS records of a network, beside those that the server makes for its members.
 * API: controllers/dns.go, logic/dns.go, models/dnsEntry.go.
 */
import { z } from "zod";

import { bare, list, nothing } from "./answer.ts";
import type { Connection } from "./connection.ts";
import type { FieldRules } from "./error.ts";
import { path } from "./path.ts";
import type { Server } from "./server.ts";

/** A record to create. At least one of the two addresses should be given; the server asks for none. */
export interface DnsRecordArgs {
  /** 1 to 192 of letters, digits, `-` and `.`: `raspberrypi.netmaker`. */
  readonly name: string;
  readonly network: string;
  readonly address?: string | undefined;
  readonly address6?: string | undefined;
}

/** A record as the server holds it. */
export interface DnsRecord {
  /** As it was created. */
  readonly name: string;
  /** As members ask for it: the name, and the server's domain if it has one. */
  readonly domainName: string;
  readonly network: string;
  readonly address: string | undefined;
  readonly address6: string | undefined;
}

/** models.DNSEntry. */
const entry = z.object({
  name: z.string(),
  network: z.string(),
  address: z.string(),
  address6: z.string(),
});

const RULES: FieldRules = [
  [/invalid input|name_unique|'Name'/, "name"],
  [/network_exists/, "network"],
];

export class DnsRecords {
  readonly #connection: Connection;
  readonly #server: Server;

  constructor(connection: Connection, server: Server) {
    this.#connection = connection;
    this.#server = server;
  }

  /** The records of a network that were created through the API; none for an unknown network. */
  async list(network: string): Promise<DnsRecord[]> {
    const { domain } = await this.#server.settings();
    return (await this.#entries(network)).map((raw) => recordOf(raw, domain));
  }

  /** A record by the name it was created with; undefined when there is none. */
  async get(network: string, name: string): Promise<DnsRecord | undefined> {
    return (await this.list(network)).find((record) => record.name === name);
  }

  /**
   * Creates a record. A record of the same name is overwritten while the server has a domain of its
   * own (`nm.internal` by default), as its check looks for the name without it; else it is refused.
   *
   * @throws NetmakerError 400, with the field, for a bad name or address and an unknown network
   */
  async create(args: DnsRecordArgs): Promise<DnsRecord> {
    const { domain } = await this.#server.settings();
    const created = await this.#connection.send({
      method: "POST",
      path: path`/api/dns/${args.network}`,
      body: { name: args.name, address: args.address ?? "", address6: args.address6 ?? "" },
      read: bare(entry),
      rules: RULES,
    });
    return recordOf({ ...created, name: withDomain(created.name, domain) }, domain);
  }

  /** Deletes a record by the name it was created with. No error for an unknown one. */
  delete(network: string, name: string): Promise<void> {
    return this.#connection.send({
      method: "DELETE",
      path: path`/api/dns/${network}/${name}`,
      read: nothing,
    });
  }

  async #entries(network: string): Promise<z.output<typeof entry>[]> {
    const found = await this.#connection.sendIfPresent({
      method: "GET",
      path: path`/api/dns/adm/${network}/custom`,
      read: bare(list(entry)),
    });
    // A server without any record, in whichever network, answers 500 `could not find any records`.
    return found ?? [];
  }
}

/** Listed names end in the server's domain, stored ones do not. */
function recordOf(raw: z.output<typeof entry>, domain: string): DnsRecord {
  const ending = `.${domain}`;
  return {
    name: domain !== "" && raw.name.endsWith(ending) ? raw.name.slice(0, -ending.length) : raw.name,
    domainName: raw.name,
    network: raw.network,
    address: raw.address || undefined,
    address6: raw.address6 || undefined,
  };
}

function withDomain(name: string, domain: string): string {
  return domain === "" ? name : `${name}.${domain}`;
}
