/** The store upon a real PostgreSQL: what it promises when the database dies or falls silent. */
import { randomUUID } from "node:crypto";

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { TestPostgres } from "../testing/postgres.ts";
import { describeStore } from "../testing/store-contract.ts";
import { PostgresStore } from "./postgres-store.ts";
import type { DatabaseSettings } from "../settings.ts";
import { StoreUnavailable } from "./store.ts";

let server: TestPostgres;
const stores: PostgresStore[] = [];

beforeAll(async () => {
  server = await TestPostgres.start();
}, 60_000);

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
  await vi.waitFor(() => store.check(), { timeout: 10_000, interval: 20 });
  return store;
}

describeStore("PostgreSQL", async () => {
  const store = await reached(new PostgresStore(await server.database(), () => undefined));
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
    await vi.waitFor(() => {
      expect(lines.join("\n")).toContain("is not the one that was applied");
    });
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
      await vi.waitFor(
        () => {
          expect(acknowledged.size).toBeGreaterThan(round * 250 + 50);
        },
        { timeout: 20_000, interval: 5 },
      );
      await server.crash();
      await expect(pods[0]?.tally()).rejects.toBeInstanceOf(StoreUnavailable);
      await server.launch();
    }
    await voters;
    expect(refused).toBeGreaterThan(0);
    expect((await pods[0]?.tally())?.horse).toBe(600);
    const [ballots] = await server.query(settings.name, "SELECT count(*)::int AS n FROM ballots");
    expect(ballots).toEqual({ n: 600 });
  }, 60_000);

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
