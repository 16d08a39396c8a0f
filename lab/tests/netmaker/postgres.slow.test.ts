/** The part of Netmaker's contract that PostgreSQL changes: memberships that hosts name late. */
import { readFileSync } from "node:fs";

import { expect, it } from "vitest";

import { TestPostgres } from "../../../apps/website/service/src/testing/postgres.ts";
import { runContract } from "../../official/netmaker.ts";

it("holds on PostgreSQL, too: hosts and what they are members of", async () => {
  await using postgres = await TestPostgres.start();
  const { host, port, name, user, passwordFile } = await postgres.database();
  const { exitCode } = await runContract(undefined, ["--reporter=dot", "hosts.contract"], {
    DATABASE: "postgres",
    SQL_HOST: host,
    SQL_PORT: String(port),
    SQL_DB: name,
    SQL_USER: user,
    SQL_PASS: readFileSync(passwordFile, "utf8").trim(),
  });
  expect(exitCode).toBe(0);
  const [kept] = await postgres.query(
    name,
    "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
  );
  expect(Number(kept?.["count"])).toBeGreaterThan(0);
});
