/** Ballots in PostgreSQL. */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

import pg from "pg";

import { ANSWERS, isAnswer, type Answer, type Ballot, type Tally } from "../poll.ts";
import type { DatabaseSettings } from "../settings.ts";
import { Connections, ConnectionsLost, type Query } from "./connections.ts";
import { migrate } from "./migrations.ts";
import { SharedCall } from "./shared-call.ts";
import { StoreOverloaded, StoreUnavailable, type Outcome, type Store } from "./store.ts";

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
 * lost; until it is found, every call fails at once instead of making its caller wait. A database that
 * has more to do than it has time for is not lost: what it has no time for is refused, and the
 * connections stay.
 */
export class PostgresStore implements Store {
  /** Undefined while the database is out of reach. */
  private connections: Connections | undefined;
  private readonly connection: pg.ClientConfig;
  private readonly closing = new AbortController();
  private reaching: Promise<void> | undefined;
  /** Under load the pages of a pod share their counts: one query at a time is enough. */
  private readonly counting = new SharedCall(() => this.count());
  private readonly checking = new SharedCall(() => this.look());

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

  cast(ballot: Ballot): Promise<Outcome> {
    return this.ask(async (query) => {
      const fresh = await query(CAST, [ballot.id, ballot.answer]);
      if (fresh.length > 0) {
        return "accepted";
      }
      const before = await query<{ answer: string }>(CAST_BEFORE, [ballot.id]);
      return before[0]?.answer === ballot.answer ? "accepted" : "conflict";
    });
  }

  tally(): Promise<Tally> {
    return this.counting.ask();
  }

  check(): Promise<void> {
    return this.checking.ask();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.reaching;
    await this.connections?.end();
  }

  private async ask<T>(task: (query: Query) => Promise<T>, urgent = false): Promise<T> {
    const { connections } = this;
    if (connections === undefined) {
      throw new StoreUnavailable("the database has not been reached");
    }
    try {
      return await connections.work(task, urgent);
    } catch (error) {
      if (error instanceof ConnectionsLost) {
        this.lose(connections, error);
      }
      throw error;
    }
  }

  private async count(): Promise<Tally> {
    const rows = await this.ask((query) => query<{ answer: string; votes: string }>(TALLY), true);
    const tally = Object.fromEntries(Object.keys(ANSWERS).map((answer) => [answer, 0]));
    for (const { answer, votes } of rows) {
      if (isAnswer(answer)) {
        tally[answer] = Number(votes);
      }
    }
    return tally as Record<Answer, number>;
  }

  /** A database that is busy with others is there: whoever asks for its health is not told otherwise. */
  private async look(): Promise<void> {
    const since = performance.now();
    try {
      await this.ask((query) => query({ text: "SELECT 1" }), true);
    } catch (error) {
      const answers = this.connections?.answeredSince(since) ?? false;
      if (!(error instanceof StoreOverloaded) || !answers) {
        throw error;
      }
    }
  }

  /** Leaves all connections behind: the others are as dead as the one that failed. */
  private lose(connections: Connections, error: unknown): void {
    if (this.connections !== connections) {
      return;
    }
    this.connections = undefined;
    this.log(`Database lost: ${reason(error)}`);
    void connections.end();
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
        this.connections = new Connections(this.connection, this.settings);
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
    // Not awaited: a silent server would never confirm it. What still runs on the connection fails.
    const end = (): void => void client.end().catch(() => undefined);
    this.closing.signal.addEventListener("abort", end);
    try {
      await client.connect();
      await migrate(client);
    } finally {
      this.closing.signal.removeEventListener("abort", end);
      end();
    }
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
