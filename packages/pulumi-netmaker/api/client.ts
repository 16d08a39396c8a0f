/** The client: one server, one user, every resource of the API that a mesh needs. */
import { AclRules } from "./acl-rules.ts";
import { systemClock, type Clock } from "./clock.ts";
import { Connection } from "./connection.ts";
import { DnsRecords } from "./dns-records.ts";
import { Egresses } from "./egresses.ts";
import { EnrollmentKeys } from "./enrollment-keys.ts";
import { invalidArgument } from "./error.ts";
import { ExternalClients } from "./external-clients.ts";
import { Gateways } from "./gateways.ts";
import { Hosts } from "./hosts.ts";
import { Networks } from "./networks.ts";
import { Nodes } from "./nodes.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";
import { Server } from "./server.ts";
import { Session, type Credentials } from "./session.ts";
import { Transport } from "./transport.ts";

export interface ClientOptions {
  /** Where the API is: `https://api.netmaker.example.com`. */
  readonly url: string;
  readonly credentials: Credentials;
  /** Certificates (PEM) of authorities to trust in addition to the well-known ones. Default none. */
  readonly ca?: string | undefined;
  /** Milliseconds for one request, from the first byte sent to the last received. Default 15,000. */
  readonly timeout?: number | undefined;
  /** Milliseconds for one call, repetitions and waiting included. Default 60,000. */
  readonly deadline?: number | undefined;
  /** Largest answer, bytes. Default 8 MiB: some 5,000 members. */
  readonly maxBytes?: number | undefined;
  /** How often requests are repeated, and after what delay. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Time; tests give their own. Default: the computer's. */
  readonly clock?: Clock | undefined;
}

/**
 * A client of the REST API of Netmaker 1.5.1 and newer 1.5, community edition.
 *
 * Nothing is sent before the first call, which logs in where that is needed. Every call is bounded in
 * time and size, and throws `NetmakerError` and nothing else. A GET, PUT or DELETE is repeated when
 * the server cannot be reached, answers 429, 502, 503 or 504, or does not answer in time; a POST
 * only if it was certainly not carried out.
 *
 * ```ts
 * const netmaker = new NetmakerClient({
 *   url: "https://api.netmaker.example.com",
 *   credentials: { username: "admin", password },
 * });
 * await netmaker.networks.create({ name: "netmaker", addressRange: "10.101.0.0/16" });
 * ```
 */
export class NetmakerClient {
  readonly server: Server;
  readonly networks: Networks;
  readonly enrollmentKeys: EnrollmentKeys;
  readonly hosts: Hosts;
  readonly nodes: Nodes;
  readonly gateways: Gateways;
  readonly externalClients: ExternalClients;
  readonly egresses: Egresses;
  readonly aclRules: AclRules;
  readonly dnsRecords: DnsRecords;

  /** @throws NetmakerError of kind `argument` for a malformed URL */
  constructor(options: ClientOptions) {
    const transport = new Transport({
      url: apiUrl(options.url),
      ca: options.ca,
      timeout: options.timeout ?? 15_000,
      deadline: options.deadline ?? 60_000,
      maxBytes: options.maxBytes ?? 8 * 2 ** 20,
      retry: { ...DEFAULT_RETRY, ...options.retry },
      clock: options.clock ?? systemClock,
    });
    const connection = new Connection(transport, new Session(transport, options.credentials));
    this.server = new Server(connection);
    this.enrollmentKeys = new EnrollmentKeys(connection);
    this.hosts = new Hosts(connection);
    this.nodes = new Nodes(connection);
    this.gateways = new Gateways(connection, this.nodes);
    this.externalClients = new ExternalClients(connection);
    this.egresses = new Egresses(connection);
    this.aclRules = new AclRules(connection);
    this.dnsRecords = new DnsRecords(connection, this.server);
    this.networks = new Networks(connection, this, this.enrollmentKeys);
  }
}

function apiUrl(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalidArgument("url", "must be an http or https URL, like https://api.example.com");
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw invalidArgument("url", "must hold no user, password, query or fragment");
  }
  return url;
}
