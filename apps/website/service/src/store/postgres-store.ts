/** Ballots in PostgreSQL. */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import pg from "pg";

import { ANSWERS, isAnswer, type Answer, type Ballot, type Tally } from "../poll.ts";
import type { DatabaseSettings } from "../settings.ts";
import { migrate } from "./migrations.ts";
import { SharedCall } from "./shared-call.ts";
import { StoreUnavailable, type Outcome, type Store } from "./store.ts";

/** First and longest pause between two attempts to reach a lost database, milliseconds. */
const PAUSE_MS = { first: 100, longest: 1000 } as const;

/** One step of the schema, or the wait while another pod takes it, may last this long. */
const MIGRATION_MS = 30_000;

/** A connection's backend picks the slot: two votes at the same moment have two backends. */
const CAST = {
  name: "cast",
  text: `
    WITH fresh AS (
      INSERT INTO ballots (id, answer) VALUES ($1, $2)
      ON CONFLICT (id) DO NOTHING RETURNING answer
    ), counted AS (
      INSERT INTO tally (answer, slot, votes) SELECT answer, pg_backend_pid() % 16, 1 FROM fresh
      ON CONFLICT (answer, slot) DO UPDATE SET votes = tally.votes + 1
    )
    SELECT answer FROM fresh`,
};
const CAST_BEFORE = { name: "cast-before", text: "SELECT answer FROM ballots WHERE id = $1" };
const TALLY = {
  name: "tally",
  text: "SELECT answer, sum(votes)::int8 AS votes FROM tally GROUP BY answer",
};

/**
 * Keeps ballots in PostgreSQL. Starts reaching for the database at once and again whenever it is
 * lost; until it is found, every call fails at once instead of making its caller wait.
 */
export class PostgresStore implements Store {
  /** Undefined while the database is out of reach. */
  private pool: pg.Pool | undefined;
  private readonly connection: pg.ClientConfig;
  private readonly closing = new AbortController();
  private reaching: Promise<void> | undefined;
  /** Under load the pages of a pod share their counts: one query at a time is enough. */
  private readonly counting = new SharedCall(() => this.count());

  /** @param log is told when the database is reached and when it is lost */
  constructor(
    private readonly settings: DatabaseSettings,
    private readonly log: (line: string) => void,
  ) {
    this.connection = {
      host: settings.host,
      port: settings.port,
      database: settings.name,
      user: settings.user,
      password: async () => (await readFile(settings.passwordFile, "utf8")).replace(/\r?\n$/, ""),
      application_name: "website",
      connectionTimeoutMillis: settings.timeoutMs,
      keepAlive: true,
    };
    this.reach();
  }

  async cast(ballot: Ballot): Promise<Outcome> {
    const fresh = await this.ask<{ answer: string }>(CAST, [ballot.id, ballot.answer]);
    if (fresh.length > 0) {
      return "accepted";
    }
    const before = await this.ask<{ answer: string }>(CAST_BEFORE, [ballot.id]);
    return before[0]?.answer === ballot.answer ? "accepted" : "conflict";
  }

  tally(): Promise<Tally> {
    return this.counting.ask();
  }

  async check(): Promise<void> {
    await this.ask({ text: "SELECT 1" }, []);
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.reaching;
    await this.pool?.end();
  }

  private async ask<Row extends pg.QueryResultRow>(
    query: pg.QueryConfig,
    values: readonly string[],
  ): Promise<readonly Row[]> {
    const { pool } = this;
    if (pool === undefined) {
      throw new StoreUnavailable("the database has not been reached");
    }
    try {
      return (await pool.query<Row>({ ...query, values: [...values] })).rows;
    } catch (error) {
      this.lose(pool, error);
      throw new StoreUnavailable("the database did not answer", { cause: error });
    }
  }

  private async count(): Promise<Tally> {
    const tally = Object.fromEntries(Object.keys(ANSWERS).map((answer) => [answer, 0]));
    for (const { answer, votes } of await this.ask<{ answer: string; votes: string }>(TALLY, [])) {
      if (isAnswer(answer)) {
        tally[answer] = Number(votes);
      }
    }
    return tally as Record<Answer, number>;
  }

  /** Leaves a pool behind: its other connections may be as dead as the one that failed. */
  private lose(pool: pg.Pool, error: unknown): void {
    if (this.pool !== pool) {
      return;
    }
    this.pool = undefined;
    this.log(`Database lost: ${reason(error)}`);
    void pool.end();
    this.reach();
  }

  private reach(): void {
    this.reaching ??= this.keepReaching().finally(() => {
      this.reaching = undefined;
    });
  }

  /** Ends when the database answers and its schema is ours, or when the store is closed. */
  private async keepReaching(): Promise<void> {
    let pause: number = PAUSE_MS.first;
    let told = "";
    while (!this.closing.signal.aborted) {
      try {
        await this.prepare();
        this.pool = this.openPool();
        this.log("Database reached");
        return;
      } catch (error) {
        if (told !== reason(error)) {
          told = reason(error);
          this.log(`Database not reached, trying on: ${told}`);
        }
      }
      // Uneven pauses keep the pods from knocking in step at a database that comes back.
      await delay(pause * (0.5 + Math.random()), undefined, { signal: this.closing.signal }).catch(
        () => undefined,
      );
      pause = Math.min(pause * 2, PAUSE_MS.longest);
    }
  }

  private async prepare(): Promise<void> {
    const client = new pg.Client({ ...this.connection, query_timeout: MIGRATION_MS });
    // The failure of a query is thrown where it is asked; unheard, this event would end the process.
    client.on("error", () => undefined);
    try {
      await client.connect();
      await migrate(client);
    } finally {
      // Not awaited: a silent server would never confirm it.
      void client.end().catch(() => undefined);
    }
  }

  private openPool(): pg.Pool {
    const { connections, timeoutMs } = this.settings;
    const pool = new pg.Pool({
      ...this.connection,
      max: connections,
      query_timeout: timeoutMs,
      statement_timeout: timeoutMs,
    });
    // The pool replaces an idle connection that breaks; unheard, this event would end the process.
    pool.on("error", () => undefined);
    return pool;
  }
}

/** The innermost cause of an error: what the database or the network said. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) {
    return error.errors.map(reason).join("; ");
  }
  if (error instanceof Error) {
    return error.cause === undefined ? error.message : reason(error.cause);
  }
  return String(error);
}
