import { randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import { castForm, castJson, serve } from "./testing/serve.ts";

describe("the page", () => {
  it("shows the question, the counts and who answered", async () => {
    await using site = await serve();
    await site.store.cast({ id: randomUUID(), answer: "dog" });
    await site.store.cast({ id: randomUUID(), answer: "dog" });
    await site.store.cast({ id: randomUUID(), answer: "cat" });
    const response = await fetch(site.url);
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toContain("What&#39;s your favourite animal?");
    for (const label of ["Dog", "Cat", "Horse", "Hamster"]) {
      expect(html).toContain(`<span class="name">${label}</span>`);
    }
    expect(html).toMatch(/66\.7%.*\n.*2 votes/);
    expect(html).toContain('<rect width="66.7" height="1"/>');
    expect(html).toContain("<dd>pod-1</dd>");
    expect(html).toContain("<dd>node-1</dd>");
  });

  it("prints one line per page request, with the request's id that the answer carries", async () => {
    await using site = await serve();
    const given = await fetch(site.url, { headers: { "X-Request-Id": "abc-1" } });
    const made = await fetch(`${site.url}/?voted=dog`);
    expect(given.headers.get("X-Request-Id")).toBe("abc-1");
    expect(given.headers.get("X-Served-By")).toBe("pod-1");
    expect(given.headers.get("X-Served-On")).toBe("node-1");
    expect(site.lines).toEqual([
      "Incoming Request Received request=abc-1 pod=pod-1 node=node-1",
      `Incoming Request Received request=${made.headers.get("X-Request-Id") ?? ""} pod=pod-1 node=node-1`,
    ]);
  });

  it("prints nothing for health, results, votes and files", async () => {
    await using site = await serve();
    for (const path of ["/healthz", "/readyz", "/healthz/database", "/api/results", "/style.css"]) {
      expect((await fetch(site.url + path)).status).toBe(200);
    }
    await castJson(site.url, { ballot: randomUUID(), answer: "dog" });
    expect(site.lines).toEqual([]);
  });

  it("takes no id over that would be more than a word in the log", async () => {
    await using site = await serve();
    const response = await fetch(site.url, { headers: { "X-Request-Id": 'a" b' } });
    expect(response.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("allows nothing inline and nothing from elsewhere", async () => {
    await using site = await serve();
    const response = await fetch(site.url);
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(response.headers.get("Referrer-Policy")).toBe("same-origin");
    const html = await response.text();
    expect(html).not.toMatch(/ style=|<style|<script>| on\w+=|https?:/);
  });

  it("gives every rendering a ballot of its own", async () => {
    await using site = await serve();
    const ballot = async (): Promise<string | undefined> =>
      /name="ballot" value="([^"]+)"/.exec(await (await fetch(site.url)).text())?.[1];
    expect(await ballot()).not.toBe(await ballot());
  });
});

describe("a vote", () => {
  it("is counted and sends the browser back to the page", async () => {
    await using site = await serve();
    const response = await castForm(site.url, `ballot=${randomUUID()}&answer=horse`);
    expect(response.status).toBe(303);
    expect(response.headers.get("Location")).toBe("/?voted=horse#poll");
    expect((await site.store.tally()).horse).toBe(1);
    const html = await (await fetch(`${site.url}/?voted=horse`)).text();
    expect(html).toContain("your vote for Horse is counted");
  });

  it("is counted once when it is sent again, with the same answer each time", async () => {
    await using site = await serve();
    const vote = { ballot: randomUUID(), answer: "cat" };
    const answers = [await castJson(site.url, vote), await castJson(site.url, vote)];
    expect(answers.map((answer) => answer.status)).toEqual([201, 201]);
    expect(await answers[0]?.json()).toEqual(await answers[1]?.json());
    expect((await site.store.tally()).cat).toBe(1);
  });

  it("is refused when the ballot was cast for another animal", async () => {
    await using site = await serve();
    const ballot = randomUUID();
    await castJson(site.url, { ballot, answer: "cat" });
    expect((await castJson(site.url, { ballot, answer: "dog" })).status).toBe(409);
    expect(await site.store.tally()).toMatchObject({ cat: 1, dog: 0 });
  });

  const id = "6a1f0f0e-3c55-4a50-9d3c-2f6c8f3b7a10";
  it.each([
    ["no body", "", 400, "empty-body"],
    ["no JSON", "{", 400, "not-json"],
    ["no object", '["dog"]', 400, "not-an-object"],
    ["a number", { ballot: id, answer: 1 }, 400, "not-a-text"],
    ["no answer", { ballot: id }, 400, "no-answer"],
    ["no ballot", { answer: "dog" }, 400, "no-ballot"],
    ["an unknown field", { ballot: id, answer: "dog", admin: "1" }, 400, "unknown-field"],
    ["a repeated field", `{"answer":"dog","answer":"cat","ballot":"${id}"}`, 400, "repeated-field"],
    [
      "a field hidden by another",
      `{"answer":{},"answer":"cat","ballot":"${id}"}`,
      400,
      "repeated-field",
    ],
    ["an unknown animal", { ballot: id, answer: "unicorn" }, 422, "unknown-answer"],
    ["an inherited name", { ballot: id, answer: "constructor" }, 422, "unknown-answer"],
    ["a ballot that is no UUID", { ballot: "1", answer: "dog" }, 422, "bad-ballot"],
    ["a large body", { ballot: "x".repeat(5000), answer: "dog" }, 413, "too-large"],
  ])("with %s is refused by name", async (_, body, status, code) => {
    await using site = await serve();
    const response = await castJson(site.url, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
    expect(Object.values(await site.store.tally())).toEqual([0, 0, 0, 0]);
  });

  it("with a repeated form field is refused on a page that says why", async () => {
    await using site = await serve();
    const response = await castForm(site.url, `ballot=${randomUUID()}&answer=dog&answer=cat`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("was sent more than once");
  });

  it.each(["text/plain", "application/json; charset=latin1", "multipart/form-data", ""])(
    "as %s is refused",
    async (type) => {
      await using site = await serve();
      const response = await fetch(`${site.url}/api/votes`, {
        method: "POST",
        headers: { "Content-Type": type },
        body: Buffer.from("{}"),
      });
      expect(response.status).toBe(415);
    },
  );

  it("leaves a connection usable whose request was refused", async () => {
    await using site = await serve();
    for (let round = 0; round < 3; round += 1) {
      expect((await castJson(site.url, "x".repeat(60_000))).status).toBe(413);
      expect((await castJson(site.url, { ballot: randomUUID(), answer: "dog" })).status).toBe(201);
    }
  });
});

describe("paths and methods", () => {
  it.each([
    ["GET", "/nowhere", 404],
    ["GET", "/__proto__", 404],
    ["DELETE", "/", 405],
    ["GET", "/votes", 405],
    ["POST", "/api/results", 405],
  ])("answers %s %s with %i", async (method, path, status) => {
    await using site = await serve();
    const response = await fetch(site.url + path, { method });
    expect(response.status).toBe(status);
    expect(response.headers.has("Allow")).toBe(status === 405);
  });

  it("lets browsers keep files for good that are named by their content", async () => {
    await using site = await serve();
    const href = /href="(\/style\.css\?v=\w+)"/.exec(await (await fetch(site.url)).text())?.[1];
    const response = await fetch(site.url + (href ?? ""));
    expect(response.headers.get("Cache-Control")).toContain("immutable");
    expect(response.headers.get("Content-Type")).toBe("text/css");
  });
});

describe("without its database", () => {
  it("serves the page with the counts it knew, and says so", async () => {
    await using site = await serve();
    await site.store.cast({ id: randomUUID(), answer: "dog" });
    await fetch(site.url);
    site.store.down = true;
    const response = await fetch(site.url);
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(html).toContain("database does not answer right now");
    expect(html).toContain("100.0%");
  });

  it("serves the page before it ever saw counts", async () => {
    await using site = await serve();
    site.store.down = true;
    const response = await fetch(site.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("Counts follow");
  });

  it("does not keep the page waiting for a database that is silent", async () => {
    await using site = await serve();
    site.store.silent = true;
    // It never speaks again: a page that waited for it would not come at all.
    expect((await fetch(site.url)).status).toBe(200);
  });

  it("refuses votes for now and offers to send the same ballot again", async () => {
    await using site = await serve();
    site.store.down = true;
    const ballot = randomUUID();
    const json = await castJson(site.url, { ballot, answer: "dog" });
    expect(json.status).toBe(503);
    expect(Number(json.headers.get("Retry-After"))).toBeGreaterThan(0);
    const form = await castForm(site.url, `ballot=${ballot}&answer=dog`);
    expect(form.status).toBe(503);
    expect(form.headers.has("Retry-After")).toBe(true);
    expect(await form.text()).toContain(`name="ballot" value="${ballot}"`);
  });

  it("stays ready and alive, while the database's own health says no", async () => {
    await using site = await serve();
    site.store.down = true;
    expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${site.url}/readyz`)).status).toBe(200);
    const database = await fetch(`${site.url}/healthz/database`);
    expect(database.status).toBe(503);
    expect(database.headers.has("Retry-After")).toBe(true);
    expect((await fetch(`${site.url}/api/results`)).status).toBe(503);
  });
});

describe("under more load than it has time for", () => {
  it("refuses votes for now, under a name of its own, and keeps the page", async () => {
    await using site = await serve();
    site.store.busy = true;
    const ballot = randomUUID();
    const json = await castJson(site.url, { ballot, answer: "dog" });
    expect(json.status).toBe(503);
    expect(Number(json.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await json.json()).toMatchObject({ error: { code: "overloaded" } });
    const form = await castForm(site.url, `ballot=${ballot}&answer=dog`);
    expect(form.status).toBe(503);
    expect(await form.text()).toContain(`name="ballot" value="${ballot}"`);
    expect((await fetch(site.url)).status).toBe(200);
    site.store.busy = false;
    expect((await castJson(site.url, { ballot, answer: "dog" })).status).toBe(201);
  });

  it("answers probes while every other request is refused at once", async () => {
    await using site = await serve({ running: 2, storeWaitMs: 60_000 });
    site.store.silent = true;
    const held = [new AbortController(), new AbortController()];
    const asked = held.map(({ signal }) =>
      fetch(`${site.url}/api/results`, { signal }).catch(() => undefined),
    );
    const status = async (path: string): Promise<number> => {
      const response = await fetch(site.url + path);
      await response.text();
      return response.status;
    };
    await expect.poll(() => status("/style.css")).toBe(503);
    expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 200]);
    for (const controller of held) {
      controller.abort();
    }
    await Promise.all(asked);
    await expect.poll(() => status("/style.css")).toBe(200);
  });

  it("gives up a silent database within a limit of its own", async () => {
    await using site = await serve({ storeWaitMs: 50 });
    site.store.silent = true;
    // It never speaks again: a vote that waited for it would never be answered.
    const vote = await castJson(site.url, { ballot: randomUUID(), answer: "dog" });
    expect(vote.status).toBe(503);
  });
});
