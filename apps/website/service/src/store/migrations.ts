/**
 * The database's schema, step by step. A step that was released is never changed: add another.
 * Old and new pods run side by side during a roll-out, so each step must suit the code before it.
 */
import { createHash } from "node:crypto";

import type { ClientBase } from "pg";

/** One step of the schema; its version is its place in the list, from 1. */
interface Migration {
  readonly name: string;
  readonly sql: string;
}

const MIGRATIONS: readonly Migration[] = [
  {
    name: "ballots and their tally",
    // The tally spares the page a count over all ballots. Each answer has several rows, one per
    // slot, so that votes at the same moment do not wait for one another's commit.
    sql: `
      CREATE TABLE ballots (
        id uuid PRIMARY KEY,
        answer text NOT NULL,
        cast_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE tally (
        answer text NOT NULL,
        slot smallint NOT NULL,
        votes bigint NOT NULL,
        PRIMARY KEY (answer, slot)
      ) WITH (fillfactor = 50);`,
  },
];

/** Names the advisory lock of this website's migrations: any number, but always the same. */
const LOCK = 4_041_906_511;

interface AppliedRow {
  readonly version: number;
  readonly checksum: string;
}

/**
 * Brings the schema up to date in one transaction: under an advisory lock, so that of several pods
 * that start together one works and the others find it done. Later versions than ours are left.
 *
 * @throws Error when a step that was applied differs from ours
 */
export async function migrate(client: ClientBase): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query("SELECT pg_advisory_xact_lock($1)", [LOCK]);
    await client.query(`
      CREATE TABLE IF NOT EXISTS schema_versions (
        version integer PRIMARY KEY,
        name text NOT NULL,
        checksum text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
      )`);
    const applied = await client.query<AppliedRow>("SELECT version, checksum FROM schema_versions");
    const checksums = new Map(applied.rows.map((row) => [row.version, row.checksum]));
    for (const [index, { name, sql }] of MIGRATIONS.entries()) {
      const version = index + 1;
      const checksum = createHash("sha256").update(sql).digest("hex");
      const known = checksums.get(version);
      if (known === undefined) {
        await client.query(sql);
        await client.query(
          "INSERT INTO schema_versions (version, name, checksum) VALUES ($1, $2, $3)",
          [version, name, checksum],
        );
      } else if (known !== checksum) {
        throw new Error(`step ${version} of the schema (${name}) is not the one that was applied`);
      }
    }
    await client.query("COMMIT");
  } catch (error) {
    // The connection is closed by the caller, which rolls back even when it no longer answers.
    throw new Error("the database's schema could not be brought up to date", { cause: error });
  }
}
