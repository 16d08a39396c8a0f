/** What is asked of the database, asked of a real one with the website's own store. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { execa } from "execa";
import { expect, it, onTestFinished } from "vitest";

import { PostgresStore } from "../apps/website/service/src/store/postgres-store.ts";
import { TestPostgres } from "../apps/website/service/src/testing/postgres.ts";
import type { Visit } from "./model.ts";
import { countedVotes } from "./votes.ts";

function acknowledged(id: string): Visit {
  return {
    ...{ at: 0, latency: 0.01, status: 201, error: "", method: "POST", id },
    ...{ pod: "website-dep-1", node: "raspberrypi" },
  };
}

it("ballots and tally of the website's store are read as they are", async () => {
  await using server = await TestPostgres.start();
  const settings = await server.database();
  const store = new PostgresStore(settings, () => undefined);
  onTestFinished(() => store.close());
  await expect.poll(() => store.check(), { interval: 20 }).toBeUndefined();
  const [earlier, own, alien] = [randomUUID(), randomUUID(), randomUUID()];
  /** In place of the pod: the command behind `--`, at the socket of this server. */
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const [program = "", ...rest] = args.slice(args.indexOf("--") + 1);
    const { stdout } = await execa(program, [...rest, `--dbname=${settings.name}`], {
      env: {
        PGHOST: settings.host,
        PGPASSWORD: readFileSync(settings.passwordFile, "utf8").trim(),
      },
    });
    return stdout;
  };
  const visits = [acknowledged(own)];
  expect(await countedVotes({ kubectl }, visits)).toEqual({ counted: [], miscounted: [] });
  for (const id of [earlier, own, own, alien]) {
    await store.cast({ id, answer: "dog" });
  }
  expect(await countedVotes({ kubectl }, visits)).toEqual({
    counted: [own, alien],
    miscounted: [],
  });
  await server.query(settings.name, "UPDATE tally SET votes = votes + 1");
  expect(await countedVotes({ kubectl }, visits)).toMatchObject({
    miscounted: [expect.stringMatching(/^the tally of dog is \d, and there are 3 ballots for it$/)],
  });
  await store.close();
  await server.query(settings.name, "DROP TABLE tally");
  await expect(countedVotes({ kubectl }, visits)).rejects.toThrow("tally");
});
