/** The generator itself, at a server of the test's own. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { expect, it, onTestFinished, vi } from "vitest";

import { ownFolder } from "../lab/testing/folder.ts";
import { CONDITION } from "../testing/patience.ts";
import { readVisits, startLoad } from "./load.ts";
import type { CellData } from "./model.ts";
import { history, historyOf } from "./votes.ts";

it("visits and votes until it is told to end, and leaves a row for each request", async () => {
  const ballots: string[] = [];
  let visits = 0;
  const server = createServer((request, response) => {
    response.setHeader("X-Served-By", "website-dep-1").setHeader("X-Served-On", "raspberrypi");
    if (request.method === "GET") {
      visits += 1;
      response.end("page");
      return;
    }
    void text(request).then((body) => {
      const { ballot } = JSON.parse(body) as { ballot: string };
      const isNew = !ballots.includes(ballot);
      if (isNew) {
        ballots.push(ballot);
      }
      // Counted, and not acknowledged before it is sent again.
      response.writeHead(isNew ? 503 : 201, isNew ? { "Retry-After": "0" } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const file = join(ownFolder(), "visits.csv");
  const before = Date.now();
  await using load = await startLoad({
    urls: [`http://127.0.0.1:${port}`],
    load: { visitsPerSecond: 50, votesPerSecond: 10, timeoutSeconds: 30 },
    visits: file,
  });
  expect(load.zeroUnixMicroseconds / 1000).toBeGreaterThanOrEqual(before);
  await vi.waitUntil(() => visits >= 20 && ballots.length >= 4, { timeout: CONDITION });
  const elapsed = load.now();
  const report = await load.stop();
  const rows = await readVisits(file);
  expect(rows.filter(({ method }) => method === "GET")).toHaveLength(visits);
  expect(rows.every(({ at }) => at >= 0 && at < elapsed + 60)).toBe(true);
  expect(report).toMatchObject({ visits, votes: ballots.length, acknowledged: ballots.length });
  const cell: CellData = { variant: "a", repeat: 1, visits: rows, marks: [], counted: ballots };
  expect(historyOf(cell)).toMatchObject({ sent: ballots.length, unacknowledged: 0 });
  expect(history.broken(cell)).toEqual([]);
  const [lost] = ballots;
  expect(history.broken({ ...cell, counted: [...ballots.slice(1), randomUUID()] })).toEqual([
    expect.stringContaining(`1 lost: acknowledged and not counted: ${lost ?? ""}`),
    expect.stringContaining("1 alien"),
    expect.stringContaining("no fault"),
  ]);
});
