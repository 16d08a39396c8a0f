/** Calls of a session: each has the token, a refused one is replaced once. */
import { NetmakerError } from "./error.ts";
import type { Session } from "./session.ts";
import type { Call, Transport } from "./transport.ts";

export class Connection {
  readonly #transport: Transport;
  readonly #session: Session;

  constructor(transport: Transport, session: Session) {
    this.#transport = transport;
    this.#session = session;
  }

  /**
   * A call with the session's token. When the server no longer knows it (401), the client logs in
   * again and repeats the call once; a call that was turned away for its token was not carried out,
   * so that this is safe for every method.
   *
   * @throws NetmakerError
   */
  async send<T>(call: Omit<Call<T>, "token">): Promise<T> {
    if (call.path.problem !== undefined) {
      throw call.path.problem;
    }
    const token = await this.#session.token();
    try {
      return await this.#transport.send({ ...call, token });
    } catch (error) {
      const refused = error instanceof NetmakerError && error.status === 401;
      if (!refused || !this.#session.renewable) {
        throw error;
      }
      await this.#session.renew(token);
      return await this.#transport.send({ ...call, token: await this.#session.token() });
    }
  }

  /** A call about something that may not be there: undefined instead of the error that says so. */
  async sendIfPresent<T>(call: Omit<Call<T>, "token">): Promise<T | undefined> {
    try {
      return await this.send(call);
    } catch (error) {
      if (error instanceof NetmakerError && error.notFound) {
        return undefined;
      }
      throw error;
    }
  }

  /** A call of one of the open paths, without a token. */
  sendOpen<T>(call: Omit<Call<T>, "token">): Promise<T> {
    return this.#transport.send(call);
  }

  /**
   * Polls until a condition holds; for what the server does in the background.
   *
   * @param what for the error: `network netmaker gone`
   * @param ask undefined: not yet
   * @param limit milliseconds; default: the time that a call may take
   * @throws NetmakerError of kind `timeout`, without a path, when the time is over
   */
  async waitFor<T>(
    what: string,
    ask: () => Promise<T | undefined>,
    limit = this.#transport.deadline,
  ): Promise<T> {
    const { clock } = this.#transport;
    const end = clock.now() + limit;
    for (;;) {
      const found = await ask();
      if (found !== undefined) {
        return found;
      }
      if (clock.now() + POLL >= end) {
        const reason = `${what}: not within ${limit / 1000} s`;
        throw new NetmakerError({ kind: "timeout", method: "", path: "", reason });
      }
      await clock.sleep(POLL);
    }
  }
}

/** Polling interval for the server's background work, in milliseconds. */
const POLL = 250;
