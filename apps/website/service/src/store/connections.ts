/** Connections to PostgreSQL: how many at once, who waits for one, and when they are of no more use. */
import pg from "pg";

import type { DatabaseSettings } from "../settings.ts";
import { StoreOverloaded, StoreUnavailable } from "./store.ts";
import { TurnedAway, WaitingLine } from "./waiting-line.ts";

/** Most calls that wait for a connection; each is a visitor's open request. */
const MOST_WAITING = 2000;

/**
 * What the server says while it is there and has no time or room: a statement or a lock that took too
 * long, a deadlock, too many connections, no memory.
 */
const BUSY = /^(57014|55P03|40001|40P01|53...)$/;
/** What it says when it is not, or no longer, the database that was prepared. */
const ANOTHER_DATABASE = /^(25|28|3D|3F|42)...$/;

/**
 * What is said of a connection that the other end closed: it says nothing of the other connections, nor of the
 * next one, which finds out whether the server is there.
 */
const CLOSED = /\b(EPIPE|ECONNRESET)\b|^Connection terminated unexpectedly$/;

/** The connections are of no use any more: reach the database anew. */
export class ConnectionsLost extends StoreUnavailable {}

/** Runs a query on the connection of a piece of work. */
export type Query = <Row extends pg.QueryResultRow>(
  query: pg.QueryConfig,
  values?: readonly string[],
) => Promise<readonly Row[]>;

/**
 * A pool of connections behind a line. A time-out alone says nothing of whether the database is there:
 * the server itself ends what takes too long, well before this end stops waiting for it, and while any
 * connection is answered the others stay.
 */
export class Connections {
  private readonly pool: pg.Pool;
  private readonly line: WaitingLine;
  /** When the server last said anything, on whichever connection; by `performance.now()`. */
  private answered = -Infinity;

  constructor(
    connection: pg.ClientConfig,
    private readonly settings: DatabaseSettings,
  ) {
    const { connections, timeoutMs } = settings;
    this.line = new WaitingLine({ places: connections, waiting: MOST_WAITING });
    this.pool = new pg.Pool({
      ...connection,
      max: connections,
      query_timeout: timeoutMs,
      // A server that is merely slow has said so before `query_timeout` takes it for dead.
      statement_timeout: Math.ceil(timeoutMs * 0.75),
    });
    // The pool replaces an idle connection that breaks, and whoever uses one hears of it from the
    // query; unheard, these events would end the process.
    this.pool.on("error", () => undefined);
    this.pool.on("connect", (client) => client.on("error", () => undefined));
  }

  /** Whether the server has said anything since a time of `performance.now()`. */
  answeredSince(time: number): boolean {
    return this.answered >= time;
  }

  /**
   * Does some work on a connection of its own. Ordinary work waits for one half of the time limit;
   * urgent work is done first, and waits for all of it.
   *
   * @throws StoreOverloaded where there is no connection, or the server no time, for it
   * @throws ConnectionsLost where nothing can be expected of these connections any more
   */
  async work<T>(task: (query: Query) => Promise<T>, urgent = false): Promise<T> {
    const { timeoutMs } = this.settings;
    const patience = urgent ? timeoutMs : timeoutMs / 2;
    try {
      return await this.line.admit(() => this.connected(task), { patience, urgent });
    } catch (error) {
      if (error instanceof TurnedAway) {
        throw new StoreOverloaded("all connections are at work", { cause: error });
      }
      throw error;
    }
  }

  /** Ends connections as soon as they are not at work. */
  async end(): Promise<void> {
    if (!this.pool.ending) {
      await this.pool.end();
    }
  }

  private async connected<T>(task: (query: Query) => Promise<T>): Promise<T> {
    if (this.pool.ending) {
      throw new StoreUnavailable("the database has not been reached");
    }
    const client = await this.connect();
    let broken: Error | undefined;
    const query: Query = async <Row extends pg.QueryResultRow>(
      config: pg.QueryConfig,
      values: readonly string[] = [],
    ) => {
      const since = performance.now();
      try {
        const { rows } = await client.query<Row>({ ...config, values: [...values] });
        this.answered = performance.now();
        return rows;
      } catch (error) {
        if (!(error instanceof pg.DatabaseError) || error.severity === "FATAL") {
          broken = error instanceof Error ? error : new Error(String(error));
        }
        throw this.judge(error, since);
      }
    };
    try {
      return await task(query);
    } finally {
      client.release(broken);
    }
  }

  private async connect(): Promise<pg.PoolClient> {
    const since = performance.now();
    try {
      const client = await this.pool.connect();
      return client;
    } catch (error) {
      throw this.judge(error, since);
    }
  }

  /** What a failure of something that began at `since` means to whoever asked. */
  private judge(error: unknown, since: number): StoreUnavailable {
    const options = { cause: error };
    const code = error instanceof pg.DatabaseError ? (error.code ?? "") : "";
    if (BUSY.test(code)) {
      this.answered = performance.now();
      return new StoreOverloaded("the database has no time for it", options);
    }
    if (ANOTHER_DATABASE.test(code)) {
      return new ConnectionsLost("it is not the database that was prepared", options);
    }
    const isClosed = error instanceof Error && CLOSED.test(error.message);
    if (code !== "" || isClosed || this.answeredSince(since)) {
      return new StoreUnavailable("the database did not do it", options);
    }
    return new ConnectionsLost("it did not answer", options);
  }
}
