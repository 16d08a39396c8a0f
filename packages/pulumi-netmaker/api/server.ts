/** The server itself. API: controllers/server.go, controllers/user.go, models/settings.go, models/usage.go. */
import { z } from "zod";

import { bare, nothing, wrapped } from "./answer.ts";
import type { Connection } from "./connection.ts";
import type { FieldRules } from "./error.ts";
import { path } from "./path.ts";

/** How the server is. */
export interface ServerStatus {
  /** `v1.5.1`. */
  readonly version: string;
  readonly databaseConnected: boolean;
  /** Whether members are notified of changes: the server is connected to its message broker. */
  readonly brokerConnected: boolean;
  /** Whether it runs the professional edition. */
  readonly professional: boolean;
}

/** Those of the server's settings that this library needs. */
export interface ServerSettings {
  /** Domain that the names of members and records end in; empty for none. Default `nm.internal`. */
  readonly domain: string;
  /** Whether members' name resolution is managed. */
  readonly managesDns: boolean;
}

/** What the server counts. */
export interface ServerUsage {
  readonly networks: number;
  /** Hosts that are online. */
  readonly hosts: number;
  /** External clients that are online. */
  readonly clients: number;
  readonly egresses: number;
  readonly users: number;
}

/** The first user of a server, who may do everything. */
export interface SuperAdmin {
  /** 4 or more of letters, digits, `-` and `.`, or an e-mail address. */
  readonly username: string;
  /** 5 or more characters. */
  readonly password: string;
}

const status = z
  .object({
    version: z.string(),
    db_connected: z.boolean(),
    broker_connected: z.boolean(),
    is_pro: z.boolean(),
  })
  .transform((raw): ServerStatus => ({
    version: raw.version,
    databaseConnected: raw.db_connected,
    brokerConnected: raw.broker_connected,
    professional: raw.is_pro,
  }));

const settings = z
  .object({ default_domain: z.string(), manage_dns: z.boolean() })
  .transform((raw): ServerSettings => ({ domain: raw.default_domain, managesDns: raw.manage_dns }));

const usage: z.ZodType<ServerUsage> = z.object({
  networks: z.number(),
  hosts: z.number(),
  clients: z.number(),
  egresses: z.number(),
  users: z.number(),
});

const RULES: FieldRules = [
  [/password/, "password"],
  [/username/, "username"],
];

export class Server {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Version and health; needs no credentials. */
  status(): Promise<ServerStatus> {
    return this.#connection.sendOpen({
      method: "GET",
      path: path`/api/server/status`,
      read: bare(status),
    });
  }

  settings(): Promise<ServerSettings> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/server/settings`,
      read: wrapped(settings),
    });
  }

  usage(): Promise<ServerUsage> {
    return this.#connection.send({
      method: "GET",
      path: path`/api/server/usage`,
      read: wrapped(usage),
    });
  }

  /** Whether the server has a super-admin; needs no credentials. */
  hasSuperAdmin(): Promise<boolean> {
    return this.#connection.sendOpen({
      method: "GET",
      path: path`/api/users/adm/hassuperadmin`,
      read: bare(z.boolean()),
    });
  }

  /**
   * Makes the server's first user; needs no credentials, so that whoever comes first owns the server.
   *
   * @throws NetmakerError 400 for a short name or password, and when there is a super-admin
   */
  createSuperAdmin({ username, password }: SuperAdmin): Promise<void> {
    return this.#connection.sendOpen({
      method: "POST",
      path: path`/api/users/adm/createsuperadmin`,
      body: { username, password },
      secrets: [password],
      read: nothing,
      rules: RULES,
    });
  }
}
