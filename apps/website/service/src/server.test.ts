import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { once } from "node:events";

import { describe, expect, it } from "vitest";

import { castJson, serve } from "./testing/serve.ts";

describe("a website that is told to end", () => {
  it("is not ready any more, goes on answering, and closes connections after use", async () => {
    const site = await serve();
    const drained = site.listening.drain(1);
    expect((await fetch(`${site.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${site.url}/healthz`)).status).toBe(200);
    const vote = await castJson(site.url, { ballot: randomUUID(), answer: "dog" });
    expect(vote.status).toBe(201);
    expect(vote.headers.get("Connection")).toBe("close");
    await drained;
    await expect(fetch(`${site.url}/healthz`)).rejects.toThrow();
  });

  it("finishes a request that it has begun to read", async () => {
    const site = await serve();
    const body = JSON.stringify({ ballot: randomUUID(), answer: "cat" });
    const socket = connect(site.listening.port, "127.0.0.1");
    await once(socket, "connect");
    let answer = "";
    socket.on("data", (part: Buffer) => (answer += part.toString()));
    const closed = once(socket, "close");
    socket.write(
      "POST /api/votes HTTP/1.1\r\nHost: site\r\nContent-Type: application/json\r\n" +
        `Content-Length: ${body.length}\r\n\r\n${body.slice(0, 10)}`,
    );
    // The server has the request's head once it answers another connection that came later.
    await fetch(`${site.url}/healthz`);
    const drained = site.listening.drain(0);
    socket.write(body.slice(10));
    await Promise.all([drained, closed]);
    expect(answer).toMatch(/^HTTP\/1\.1 201 /);
    expect((await site.store.tally()).cat).toBe(1);
  });
});
