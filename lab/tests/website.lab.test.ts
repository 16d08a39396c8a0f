import { randomUUID } from "node:crypto";

import { beforeAll, describe, expect, it } from "vitest";

import {
  ask,
  kubectl,
  outputs,
  timing,
  until,
  websiteCounts,
  websitePods,
  websiteSpread,
} from "../testing/lab.ts";

interface Results {
  readonly total: number;
  readonly answers: readonly { readonly answer: string; readonly votes: number }[];
}

const json = { "Content-Type": "application/json" };

async function results(): Promise<Results> {
  const answer = await ask(new URL("/api/results", outputs().websiteUrl).href);
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body) as Results;
}

function vote(answer: unknown, ballot: string = randomUUID()): ReturnType<typeof ask> {
  return ask(new URL("/api/votes", outputs().websiteUrl).href, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ answer, ballot }),
  });
}

describe("votes", () => {
  beforeAll(websiteCounts);

  it("sent twice count once", async () => {
    const ballot = randomUUID();
    const before = await results();
    const [first, second] = [await vote("dog", ballot), await vote("dog", ballot)];
    expect([first.status, second.status].every((status) => status < 300)).toBe(true);
    expect((await results()).total).toBe(before.total + 1);
  });

  it.each([
    ["an unknown animal", "Unicorn"],
    ["SQL", "Dog'); DROP TABLE votes; --"],
    ["HTML", "<script>alert(1)</script>"],
    ["nothing", ""],
  ])("for %s are refused and count nothing", async (_, answer) => {
    const before = await results();
    const refused = await vote(answer);
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    expect(refused.body).not.toContain("<script>");
    expect((await results()).total).toBe(before.total);
  });

  it("of 10 MB are refused", async () => {
    const url = new URL("/api/votes", outputs().websiteUrl).href;
    const body = "x".repeat(10 * 1024 * 1024);
    const answer = await ask(url, { method: "POST", headers: json, body }).then(
      ({ status }) => status,
      // A server may close the connection before it has read what it refuses.
      (error: unknown) => (error as NodeJS.ErrnoException).code,
    );
    expect([413, "ECONNRESET", "EPIPE"]).toContain(answer);
  });
});

describe("balance", () => {
  beforeAll(websiteSpread);

  it("gives every pod its even share of 1,000 requests, each in that pod's log", async () => {
    const urls = outputs().websiteUrls;
    // A pod is ready before the ingress controllers have heard of it: wait for two even rounds.
    const pods = await until("four website pods that all get their turn", async () => {
      const ready = await websitePods();
      const turns = new Map<string, number>();
      for (let i = 0; i < 8 * urls.length; i += 1) {
        const pod = String((await ask(urls[i % urls.length] ?? "")).headers["x-served-by"]);
        turns.set(pod, (turns.get(pod) ?? 0) + 1);
      }
      const even = ready.every(({ metadata }) => turns.get(metadata.name) === 2 * urls.length);
      return ready.length === 4 && even ? ready : undefined;
    });
    const started = Date.now();
    const served = new Map<string, string[]>();
    for (let i = 0; i < 1000; i += 1) {
      const id = randomUUID();
      const answer = await ask(urls[i % urls.length] ?? "", { headers: { "X-Request-Id": id } });
      expect(answer.status).toBe(200);
      const pod = String(answer.headers["x-served-by"]);
      served.set(pod, [...(served.get(pod) ?? []), id]);
    }
    timing("1,000 requests one after another", started);
    const share = (names: string[]): number =>
      names.reduce((sum, name) => sum + (served.get(name)?.length ?? 0), 0) / 1000;
    const onPi = pods.filter((pod) => pod.spec.nodeName === "raspberrypi");
    console.log(`shares: ${[...served].map(([pod, ids]) => `${pod} ${ids.length}`).join(", ")}`);
    expect(Math.abs(share(onPi.map((pod) => pod.metadata.name)) - 0.5)).toBeLessThanOrEqual(0.02);
    for (const pod of pods) {
      expect(Math.abs(share([pod.metadata.name]) - 0.25)).toBeLessThanOrEqual(0.02);
      const since = `--since-time=${new Date(started).toISOString()}`;
      const log = await kubectl("logs", "-n", "website", pod.metadata.name, since);
      const lines = log.split("\n").filter((line) => line.startsWith("Incoming Request Received"));
      for (const id of served.get(pod.metadata.name) ?? []) {
        expect(lines.filter((line) => line.includes(id))).toHaveLength(1);
      }
    }
  });
});

describe("votes under fire", () => {
  it("are counted exactly once each while pods are killed one after another", async () => {
    const before = await results();
    const victims = (await websitePods()).map((pod) => pod.metadata.name);
    const over = new AbortController();
    const killer = (async () => {
      for (const victim of victims) {
        if (over.signal.aborted) {
          return;
        }
        await kubectl(
          "delete",
          "pod",
          "-n",
          "website",
          victim,
          "--wait=false",
          "--grace-period=30",
        );
        await until("four ready pods again", async () =>
          (await websitePods()).length >= 4 ? true : undefined,
        );
      }
    })();
    const started = Date.now();
    const acknowledged: Promise<boolean>[] = [];
    for (let i = 0; i < 500; i += 1) {
      const due = started + i * 50;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - Date.now())));
      acknowledged.push(persist());
    }
    const counted = (await Promise.all(acknowledged)).filter(Boolean).length;
    over.abort();
    await killer;
    timing("500 votes under fire", started);
    expect(counted).toBe(500);
    expect((await results()).total - before.total).toBe(500);
  });
});

/** A voter who tries again, with the same ballot, until the vote is acknowledged. */
async function persist(): Promise<boolean> {
  const ballot = randomUUID();
  return until("a vote to be acknowledged", async () =>
    (await vote("cat", ballot)).status < 300 ? true : undefined,
  );
}
