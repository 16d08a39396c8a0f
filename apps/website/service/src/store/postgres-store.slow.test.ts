/** The store upon a real PostgreSQL: what it promises when the database dies or falls silent. */
import { randomUUID } from "node:crypto";

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { TestPostgres } from "../testing/postgres.ts";
import { Relay } from "../testing/relay.ts";
import { describeStore } from "../testing/store-contract.ts";
import { PostgresStore } from "./postgres-store.ts";
import type { DatabaseSettings } from "../settings.ts";
import type { Ballot } from "../poll.ts";
import { StoreOverloaded, StoreUnavailable } from "./store.ts";

/** For bursts that are to be counted whole: a busy computer needs longer than a visitor waits. */
const PATIENT_MS = 180_000;

let server: TestPostgres;
const stores: PostgresStore[] = [];

beforeAll(async () => {
  server = await TestPostgres.start();
});

afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close().catch(() => undefined)));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function open(
  settings: DatabaseSettings,
  log: (line: string) => void = () => undefined,
): PostgresStore {
  const store = new PostgresStore(settings, log);
  stores.push(store);
  return store;
}

async function reached(store: PostgresStore): Promise<PostgresStore> {
  await expect.poll(() => store.check(), { interval: 20 }).toBeUndefined();
  return store;
}

describeStore("PostgreSQL", async () => {
  const store = await reached(
    new PostgresStore(await server.database(PATIENT_MS), () => undefined),
  );
  return store;
});

describe("several stores that start together on an empty database", () => {
  it("make its schema once and count together", async () => {
    const settings = await server.database();
    const together = await Promise.all(Array.from({ length: 6 }, () => reached(open(settings))));
    await Promise.all(together.map((store) => store.cast({ id: randomUUID(), answer: "cat" })));
    for (const store of together) {
      expect((await store.tally()).cat).toBe(6);
    }
    const versions = await server.query(settings.name, "SELECT version FROM schema_versions");
    expect(versions).toEqual([{ version: 1 }]);
  });
});

describe("a schema that another release made differently", () => {
  it("is left alone, and named", async () => {
    const settings = await server.database();
    await (await reached(open(settings))).close();
    await server.query(settings.name, "UPDATE schema_versions SET checksum = 'other'");
    const lines: string[] = [];
    const store = open(settings, (line) => lines.push(line));
    await expect.poll(() => lines.join("\n")).toContain("is not the one that was applied");
    await expect(store.check()).rejects.toBeInstanceOf(StoreUnavailable);
  });
});

describe("a database that dies and comes back", () => {
  it("loses no vote that was acknowledged, and counts none twice", async () => {
    const settings = await server.database();
    const pods = [await reached(open(settings)), await reached(open(settings))];
    const acknowledged = new Set<string>();
    let refused = 0;
    const voter = async (pod: PostgresStore): Promise<void> => {
      for (let vote = 0; vote < 100; vote += 1) {
        const id = randomUUID();
        while (!acknowledged.has(id)) {
          try {
            await pod.cast({ id, answer: "horse" });
            acknowledged.add(id);
          } catch {
            refused += 1;
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
        }
      }
    };
    const voters = Promise.all(pods.flatMap((pod) => [voter(pod), voter(pod), voter(pod)]));
    for (let round = 0; round < 2; round += 1) {
      await expect.poll(() => acknowledged.size, { interval: 5 }).toBeGreaterThan(round * 250 + 50);
      await server.crash();
      await expect(pods[0]?.tally()).rejects.toBeInstanceOf(StoreUnavailable);
      await server.launch();
    }
    await voters;
    expect(refused).toBeGreaterThan(0);
    expect((await pods[0]?.tally())?.horse).toBe(600);
    const [ballots] = await server.query(settings.name, "SELECT count(*)::int AS n FROM ballots");
    expect(ballots).toEqual({ n: 600 });
  });

  it("is found again with a schema of its own when it comes back empty", async () => {
    const settings = await server.database();
    const store = await reached(open(settings));
    await server.query(settings.name, "DROP TABLE ballots, tally, schema_versions");
    await expect(store.tally()).rejects.toBeInstanceOf(StoreUnavailable);
    await reached(store);
    expect((await store.tally()).dog).toBe(0);
  });
});

describe("a database that falls silent", () => {
  it("is given up within the time limit, then at once, and found when it speaks again", async () => {
    const settings = await server.database(500);
    const store = await reached(open(settings));
    server.signal("SIGSTOP");
    // A silent database answers none of these: the first waits for it, the second does not ask it.
    await expect(store.cast({ id: randomUUID(), answer: "dog" })).rejects.toThrow("did not answer");
    await expect(store.tally()).rejects.toThrow("has not been reached");
    server.signal("SIGCONT");
    await reached(store);
    expect(await store.cast({ id: randomUUID(), answer: "cat" })).toBe("accepted");
  });
});

describe("a database with more votes than it can take", () => {
  /** Ballots, as many as given. */
  const ballots = (count: number): Ballot[] =>
    Array.from({ length: count }, () => ({ id: randomUUID(), answer: "dog" }));

  /** Casts all at the same moment; how many were accepted. Every other one was refused for now. */
  async function castAll(store: PostgresStore, votes: readonly Ballot[]): Promise<number> {
    const outcomes = await Promise.allSettled(votes.map((vote) => store.cast(vote)));
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") {
        expect(outcome.reason).toBeInstanceOf(StoreOverloaded);
      } else {
        expect(outcome.value).toBe("accepted");
      }
    }
    return outcomes.filter(({ status }) => status === "fulfilled").length;
  }

  it("refuses what it has no time for, keeps its connections, and takes votes at once after", async () => {
    // There is time for 10 votes on each of 5 connections at most, and for one even on a busy computer.
    const settings = await server.database(6000);
    const VOTES = 120;
    const lines: string[] = [];
    const store = await reached(open(settings, (line) => lines.push(line)));
    await server.query(
      settings.name,
      `CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN PERFORM pg_sleep(0.6); RETURN NEW; END';
       CREATE TRIGGER slow BEFORE INSERT ON ballots FOR EACH ROW EXECUTE FUNCTION slow()`,
    );
    const votes = ballots(VOTES);
    const accepted = await castAll(store, votes);
    expect(accepted).toBeGreaterThan(0);
    expect(accepted).toBeLessThan(VOTES);
    await store.check();
    expect((await store.tally()).dog).toBe(accepted);
    await server.query(settings.name, "DROP TRIGGER slow ON ballots");
    await expect.poll(() => castAll(store, votes)).toBe(VOTES);
    expect((await store.tally()).dog).toBe(VOTES);
    expect(lines).toEqual(["Database reached"]);
  });

  it("outlasts a lock that all its connections wait for, and stays reachable", async () => {
    const settings = await server.database(4000);
    const lines: string[] = [];
    const store = await reached(open(settings, (line) => lines.push(line)));
    const locked = await server.hold(settings.name, "LOCK TABLE ballots IN EXCLUSIVE MODE");
    const votes = ballots(40);
    const [accepted] = await Promise.all([castAll(store, votes), store.check(), store.tally()]);
    expect(accepted).toBe(0);
    await locked.release();
    await expect.poll(() => castAll(store, votes)).toBe(40);
    expect(lines).toEqual(["Database reached"]);
  });

  it("refuses when it gives no more connections, and goes on with those it gave", async () => {
    const settings = await server.database();
    const guest = await server.role(settings);
    const lines: string[] = [];
    const store = await reached(open(guest, (line) => lines.push(line)));
    await store.check();
    await server.query(settings.name, `ALTER ROLE ${guest.user} CONNECTION LIMIT 1`);
    const votes = ballots(30);
    const accepted = await castAll(store, votes);
    expect(accepted).toBeLessThan(30);
    await store.check();
    await server.query(settings.name, `ALTER ROLE ${guest.user} CONNECTION LIMIT -1`);
    await expect.poll(() => castAll(store, votes)).toBe(30);
    expect(lines).toEqual(["Database reached"]);
  });

  it("closes without waiting for a schema that another one holds", async () => {
    const settings = await server.database();
    const first = await reached(open(settings));
    await first.close();
    const locked = await server.hold(settings.name, "LOCK TABLE schema_versions");
    const store = open(settings);
    const waiting = (): ReturnType<typeof server.query> =>
      server.query(
        settings.name,
        "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'schema_versions'::regclass",
      );
    await expect.poll(waiting).toHaveLength(1);
    await store.close();
    await locked.release();
  });
});

describe("connections that broke", () => {
  it("are replaced one by one while the others are answered", async () => {
    const settings = await server.database();
    const lines: string[] = [];
    const store = await reached(open(settings, (line) => lines.push(line)));
    await Promise.all(
      Array.from({ length: 5 }, () => store.cast({ id: randomUUID(), answer: "cat" })),
    );
    const ended = await server.query(
      settings.name,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = '${settings.name}' AND application_name = 'website'`,
    );
    expect(ended.length).toBeGreaterThan(0);
    await reached(store);
    expect((await store.tally()).cat).toBe(5);
    expect(lines).toEqual(["Database reached"]);
  });

  it("without a word are left all together once none of them is answered", async () => {
    await using relay = await Relay.start(await server.database(2_000));
    const lines: string[] = [];
    const store = await reached(open(relay.settings, (line) => lines.push(line)));
    await Promise.all(
      Array.from({ length: 5 }, () => store.cast({ id: randomUUID(), answer: "cat" })),
    );
    relay.forget();
    const vote = { id: randomUUID(), answer: "cat" } as const;
    await expect(store.cast(vote)).rejects.toBeInstanceOf(StoreUnavailable);
    await expect.poll(() => relay.isHeldOnTo).toBe(false);
    await expect.poll(() => store.cast(vote).catch(String)).toBe("accepted");
    await expect.poll(async () => (await store.tally()).cat).toBe(6);
    expect(lines.slice(0, 3)).toEqual([
      "Database reached",
      expect.stringContaining("Database lost"),
      "Database reached",
    ]);
    await store.close();
  });
});
