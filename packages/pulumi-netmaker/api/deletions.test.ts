/** What is deleted, and what is waited for. */
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { answering, clientOf, type Answering } from "./testing/server.ts";

const NODE = "c2a4e7a2-8f0d-4b65-9f6a-7d1b5e3f9a02";

/** A file's content as an answer, with the status that it holds itself. */
function answer(name: string): Answering {
  return (response) => {
    const body = readFileSync(new URL(`testdata/${name}`, import.meta.url), "utf8");
    response.statusCode = Number(/^\{\s*"Code": (\d+)/.exec(body)?.[1] ?? 200);
    response.end(body);
  };
}

/** A server of one network, which has been deleted when it has been looked at so often. */
function withNetwork(looks: number): Answering {
  let seen = 0;
  return (response, { method, url }) => {
    const answers: Readonly<Record<string, string>> = {
      "DELETE /api/networks/netmaker": "network-deleted.json",
      "GET /api/v1/egress?network=netmaker": "egresses.json",
      "GET /api/server/settings": "server-settings.json",
      "GET /api/dns/adm/netmaker/custom": "dns-records.json",
      "GET /api/v1/enrollment-keys": "no-keys.json",
      "GET /api/networks/netmaker": seen < looks ? "network.json" : "no-network.json",
    };
    const call = `${method} ${url}`;
    seen += call === "GET /api/networks/netmaker" ? 1 : 0;
    answer(answers[call] ?? "client-deleted.json")(response, {
      method,
      url,
      token: undefined,
      body: undefined,
    });
  };
}

describe("a deletion", () => {
  it("takes along what the server would keep, and waits until the network is gone", async () => {
    await using server = await answering([withNetwork(2)], [answer("login.json")]);
    await clientOf(server.url).networks.delete("netmaker");
    const calls = server.received.map(({ method, url }) => `${method} ${url}`);
    const deletions = calls.filter((call) => call.startsWith("DELETE"));
    expect(deletions).toHaveLength(3);
    expect(deletions[0]).toMatch(/^DELETE \/api\/v1\/egress\?id=/);
    expect(deletions[1]).toMatch(/^DELETE \/api\/dns\/netmaker\//);
    expect(deletions[2]).toBe("DELETE /api/networks/netmaker");
    expect(calls.filter((call) => call === "GET /api/networks/netmaker")).toHaveLength(3);
    expect(calls.at(-1)).toBe("GET /api/v1/enrollment-keys");
  });

  it("gives up when the network stays", async () => {
    await using server = await answering([withNetwork(Infinity)], [answer("login.json")]);
    await expect(clientOf(server.url).networks.delete("netmaker")).rejects.toThrow(
      "network netmaker gone: not within 60 s",
    );
  });

  it("of what is gone already succeeds", async () => {
    await using server = await answering(
      ["no-network.json", "no-records.json", "client-deleted.json"].map(answer),
      [answer("login.json")],
    );
    const { egresses, aclRules, externalClients } = clientOf(server.url);
    await egresses.delete(NODE);
    await aclRules.delete(NODE);
    await externalClients.delete("netmaker", "raspberrypi");
    expect(server.paths()).toHaveLength(3);
  });
});
