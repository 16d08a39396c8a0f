/** Who the client is to the server: the bearer token of each call, and a new one when it has run out. */
import { z } from "zod";

import { wrapped } from "./answer.ts";
import { NetmakerError } from "./error.ts";
import { path } from "./path.ts";
import type { Transport } from "./transport.ts";

/**
 * How the client proves who it is.
 *
 * - A user of the server, by name and password; the server's token is valid for 12 hours unless its
 *   setting `JWT_VALIDITY_DURATION` says otherwise (servercfg/serverconf.go), and is renewed by itself.
 * - The server's master key (`MASTER_KEY`), which has every right but one: the API creates no ACL
 *   rule for it (controllers/acls.go looks up a user of its name, which there is not).
 */
export type Credentials =
  { readonly username: string; readonly password: string } | { readonly masterKey: string };

/** models.SuccessfulUserLoginResponse or models.PartialUserLoginResponse (models/structs.go). */
const login = z.object({
  UserName: z.string(),
  AuthToken: z.string().optional(),
  PreAuthToken: z.string().optional(),
});

export class Session {
  readonly #transport: Transport;
  readonly #credentials: Credentials;
  #token: Promise<string> | undefined;

  constructor(transport: Transport, credentials: Credentials) {
    this.#transport = transport;
    this.#credentials = credentials;
  }

  /** Whether a token that is refused can be replaced. */
  get renewable(): boolean {
    return "password" in this.#credentials;
  }

  /** The token for the next call; calls that need one at the same time log in once. */
  token(): Promise<string> {
    if (this.#token === undefined) {
      const token = this.#logIn();
      this.#token = token;
      // A login that failed is no session: the next call tries again.
      token.catch(() => {
        this.#forget(token);
      });
    }
    return this.#token;
  }

  /** Forgets a token that the server refused, unless a newer one is there already. */
  async renew(refused: string): Promise<void> {
    const current = this.#token;
    if (current !== undefined && (await current) === refused) {
      this.#forget(current);
    }
  }

  #forget(token: Promise<string>): void {
    if (this.#token === token) {
      this.#token = undefined;
    }
  }

  /** POST /api/users/adm/authenticate (controllers/user.go): changes nothing, so it may be repeated. */
  async #logIn(): Promise<string> {
    if ("masterKey" in this.#credentials) {
      return this.#credentials.masterKey;
    }
    const { username, password } = this.#credentials;
    const method = "POST";
    const route = path`/api/users/adm/authenticate`;
    const { AuthToken } = await this.#transport
      .send({
        method,
        path: route,
        body: { username, password },
        secrets: [password],
        read: wrapped(login),
        idempotent: true,
      })
      .catch((error: unknown) => {
        throw asCredentialsError(error);
      });
    if (AuthToken === undefined) {
      throw new NetmakerError({
        kind: "credentials",
        method,
        path: route.shown,
        reason:
          "the user needs a one-time password: use one without a second factor, or the master key",
        field: "username",
      });
    }
    return AuthToken;
  }
}

/** An unknown user is a 401, a wrong password a 400. */
function asCredentialsError(error: unknown): unknown {
  if (!(error instanceof NetmakerError) || (error.status !== 400 && error.status !== 401)) {
    return error;
  }
  return new NetmakerError({
    kind: "credentials",
    method: error.method,
    path: error.path,
    reason: error.reason,
    status: error.status,
    field: error.status === 401 ? "username" : "password",
    attempts: error.attempts,
  });
}
