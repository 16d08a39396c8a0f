/** The built website upon a real PostgreSQL, asked as its visitors ask. */
import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Results } from "./poll.ts";
import { TestPostgres } from "./testing/postgres.ts";
import { build, WebsiteProcess } from "./testing/process.ts";
import { castJson } from "./testing/serve.ts";

/** For votes that are to be counted at once: a busy computer needs longer than a visitor waits. */
const PATIENT_MS = 20_000;

let postgres: TestPostgres;
let main: string;

beforeAll(async () => {
  [postgres, main] = await Promise.all([TestPostgres.start(), build()]);
});

afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
});

async function total(url: string): Promise<number> {
  return ((await (await fetch(`${url}/api/results`)).json()) as Results).total;
}

/** Sends a vote until there is time for it, as the page does; the status that settled it. */
async function persist(url: string, vote: { ballot: string; answer: string }): Promise<number> {
  for (;;) {
    const { status } = await castJson(url, vote);
    if (status !== 503) {
      return status;
    }
  }
}

async function reachesDatabase(website: WebsiteProcess): Promise<void> {
  const status = async (): Promise<number> =>
    (await fetch(`${website.url}/healthz/database`)).status;
  await expect.poll(status).toBe(200);
}

describe("two pods of the website", () => {
  it("count 500 votes once each that are all sent to both at the same moment", async () => {
    const database = await postgres.database();
    const pods = await Promise.all(
      ["a", "b"].map((pod) => WebsiteProcess.start(main, pod, database, 0)),
    );
    await Promise.all(pods.map(reachesDatabase));
    const votes = Array.from({ length: 500 }, () => ({ ballot: randomUUID(), answer: "dog" }));
    const statuses = await Promise.all(
      pods.flatMap(({ url }) => votes.map((vote) => persist(url, vote))),
    );
    expect(new Set(statuses)).toEqual(new Set([201]));
    for (const { url } of pods) {
      expect(await total(url)).toBe(500);
    }
    expect(await Promise.all(pods.map((pod) => pod.terminate()))).toEqual([0, 0]);
  });

  it("answer each page request once, with its line in one log", async () => {
    const database = await postgres.database();
    const pods = await Promise.all(
      ["a", "b"].map((pod) => WebsiteProcess.start(main, pod, database, 0)),
    );
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => fetch(pods[index % 2]?.url ?? "")),
    );
    await Promise.all(pods.map((pod) => pod.terminate()));
    const lines = pods.flatMap(({ lines: printed }) =>
      printed.filter((line) => line.startsWith("Incoming Request Received")),
    );
    const expected = answers.map(({ headers }) => {
      const id = headers.get("X-Request-Id") ?? "";
      const pod = headers.get("X-Served-By") ?? "";
      return `Incoming Request Received request=${id} pod=${pod} node=test`;
    });
    expect(lines.sort()).toEqual(expected.sort());
  });
});

describe("a website whose database dies", () => {
  it("serves the page, refuses votes for now, and counts them when it is back", async () => {
    const database = await postgres.database(PATIENT_MS);
    const website = await WebsiteProcess.start(main, "a", database, 0);
    await reachesDatabase(website);
    await castJson(website.url, { ballot: randomUUID(), answer: "cat" });
    await fetch(website.url);
    await postgres.crash();
    const vote = { ballot: randomUUID(), answer: "cat" };
    const refused = await castJson(website.url, vote);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    const page = await fetch(website.url);
    expect(page.status).toBe(200);
    expect(await page.text()).toMatch(/100\.0%.*\n.*1 vote</);
    expect((await fetch(`${website.url}/readyz`)).status).toBe(200);
    await postgres.launch();
    await reachesDatabase(website);
    expect((await castJson(website.url, vote)).status).toBe(201);
    expect((await castJson(website.url, vote)).status).toBe(201);
    expect(await total(website.url)).toBe(2);
    expect(await website.terminate()).toBe(0);
  });
});

describe("a website with more votes than its database can take", () => {
  it("refuses them for now, stays ready, and takes them at once when there is time", async () => {
    const database = await postgres.database(4000);
    const website = await WebsiteProcess.start(main, "a", database, 0);
    await reachesDatabase(website);
    const locked = await postgres.hold(database.name, "LOCK TABLE ballots IN EXCLUSIVE MODE");
    const votes = Array.from({ length: 60 }, () => ({ ballot: randomUUID(), answer: "horse" }));
    const refusals = Promise.all(votes.map((vote) => castJson(website.url, vote)));
    const paths = ["/", "/readyz", "/healthz", "/healthz/database", "/api/results"];
    const others = await Promise.all(paths.map((path) => fetch(website.url + path)));
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    for (const { status, headers } of await refusals) {
      expect(status).toBe(503);
      expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
    }
    await locked.release();
    const taken = await Promise.all(votes.map((vote) => persist(website.url, vote)));
    expect(new Set(taken)).toEqual(new Set([201]));
    expect(await total(website.url)).toBe(60);
    expect(website.lines.filter((line) => line.startsWith("Database"))).toEqual([
      "Database reached",
    ]);
    expect(await website.terminate()).toBe(0);
  });
});

describe("a pod that is replaced under load", () => {
  it("fails no request and loses no vote", async () => {
    // No vote is refused for want of time, however busy this computer is.
    const database = await postgres.database(PATIENT_MS);
    const pods = await Promise.all(
      ["old", "new"].map((pod) => WebsiteProcess.start(main, pod, database, 2)),
    );
    await Promise.all(pods.map(reachesDatabase));
    const load = { running: true };
    let ready = pods;
    // What a cluster does with readiness: endpoints follow it with a delay.
    const endpoints = (async () => {
      while (load.running) {
        const states = await Promise.all(
          pods.map(({ url }) =>
            fetch(`${url}/readyz`).then(
              ({ status }) => status === 200,
              () => false,
            ),
          ),
        );
        ready = pods.filter((_, index) => states[index]);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    const answers = new Map<string, number>();
    let acknowledged = 0;
    const visitor = async (): Promise<void> => {
      while (load.running) {
        const { url } = ready[Math.floor(Math.random() * ready.length)] ?? { url: "" };
        const [page, vote] = await Promise.all([
          fetch(url),
          castJson(url, { ballot: randomUUID(), answer: "hamster" }),
        ]);
        await page.text();
        acknowledged += vote.status === 201 ? 1 : 0;
        for (const [kind, { status }] of Object.entries({ page, vote })) {
          answers.set(`${kind} ${status}`, (answers.get(`${kind} ${status}`) ?? 0) + 1);
        }
      }
    };
    const visitors = Promise.all(Array.from({ length: 10 }, visitor));
    await expect.poll(() => acknowledged).toBeGreaterThan(100);
    expect(await pods[0]?.terminate()).toBe(0);
    const soFar = acknowledged;
    await expect.poll(() => acknowledged).toBeGreaterThan(soFar + 100);
    load.running = false;
    await Promise.all([visitors, endpoints]);
    expect([...answers.keys()].sort()).toEqual(["page 200", "vote 201"]);
    expect(await total(pods[1]?.url ?? "")).toBe(acknowledged);
    expect(await pods[1]?.terminate()).toBe(0);
  });
});
