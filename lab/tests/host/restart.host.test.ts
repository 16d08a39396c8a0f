/**
 * The computer restarts under a lab that is up: the lab comes back with its data. Takes minutes, so it
 * belongs to `make test-long`.
 */
import { randomUUID } from "node:crypto";

import { expect, it } from "vitest";

import { forwarderUrl } from "../../forwarder.ts";
import { ask, timing, until } from "../../testing/lab.ts";
import { inside } from "../../testing/machines.ts";
import { nodesReady, restartComputer } from "../../testing/host/restart.ts";
import { start } from "../../testing/host/up.ts";

const AUDIT_LOG = "/var/lib/rancher/k3s/server/logs/audit.log";
/** The size, MiB, at which the API server begins another file (components/k3s/hardening.ts). */
const AUDIT_MIB = 100;

const page = (path: string): string => new URL(path, forwarderUrl()).href;

/** Votes that the poll has counted; undefined while it does not answer. */
async function votes(): Promise<number | undefined> {
  const { status, body } = await ask(page("/api/results"));
  return status === 200 ? (JSON.parse(body) as { total: number }).total : undefined;
}

async function vote(): Promise<true | undefined> {
  const answer = await ask(page("/api/votes"), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ answer: "dog", ballot: randomUUID() }),
  });
  return answer.status === 201 ? true : undefined;
}

it("is the same cluster after a restart of the computer, with its votes", async () => {
  await until("a vote to be taken", vote);
  const before = await until("the votes to be counted", votes);
  // A hole of the file costs nothing; the API server takes the size of a file that it finds for its text.
  await inside("MasterNode", `truncate --size=${AUDIT_MIB}M ${AUDIT_LOG}`);
  await restartComputer();

  const since = Date.now();
  const { exitCode, said } = await start("up").ended;
  timing("up after a restart of the computer", since);
  expect(exitCode, said).toBe(0);
  expect(said).toContain("this computer was restarted");
  expect(said).toMatch(/^resources: \d+ unchanged$/m);
  await nodesReady();
  expect(await until("the votes to be counted again", votes)).toBe(before);
  timing("restart of the computer until the poll answered", since);
  await until("a vote to be taken again", vote);
});

it("went on in another audit log, as the one before was full", async () => {
  const said = await inside(
    "MasterNode",
    `stat --format='%s %a %n' ${AUDIT_LOG.replace(".log", "*.log")}`,
  );
  const files = said
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  expect(files).toHaveLength(2);
  expect(files.map(([, mode]) => mode)).toEqual(["600", "600"]);
  const full = AUDIT_MIB * 1024 * 1024;
  expect(files.map(([size]) => Number(size) >= full)).toEqual([true, false]);
});
