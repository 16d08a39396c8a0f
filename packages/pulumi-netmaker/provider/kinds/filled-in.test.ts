/** What the server writes where a program gives nothing, or another form of the same: no difference. */
import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { answering, clientOf, type Answering, json } from "../../api/testing/server.ts";
import { externalClient } from "./external-client.ts";
import { gateway } from "./gateway.ts";

const NODE = "c2a4e7a2-8f0d-4b65-9f6a-7d1b5e3f9a02";

function testdata(name: string): string {
  return readFileSync(new URL(`../../api/testdata/${name}`, import.meta.url), "utf8");
}

/** The gateway of the test data, with changes. */
function gatewayNode(changes: Readonly<Record<string, unknown>>): unknown[] {
  const nodes = JSON.parse(testdata("nodes.json")) as { id: string }[];
  return nodes.map((node) => (node.id === NODE ? { ...node, ...changes } : node));
}

/** A server with one client and one gateway. */
function withClient(changes: Readonly<Record<string, unknown>>): Answering {
  const client = { ...(JSON.parse(testdata("external-client.json")) as object), ...changes };
  const rules = JSON.parse(testdata("acl-rules.json")) as unknown;
  return (response, received) => {
    const { url } = received;
    if (url.endsWith("/file")) {
      response.end(testdata("external-client.conf"));
      return;
    }
    const body = url.startsWith("/api/nodes/")
      ? gatewayNode({})
      : url.startsWith("/api/v1/acls")
        ? rules
        : url.startsWith("/api/networks/")
          ? (JSON.parse(testdata("network.json")) as unknown)
          : client;
    json(200, body)(response, received);
  };
}

describe("no difference", () => {
  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    ["the gateway as name server where none is given", { dns: "10.101.0.1" }, { dns: "" }],
    ["the gateway as name server where it is given", { dns: "10.101.0.1" }, { dns: "10.101.0.1" }],
    [
      "commands with the line ends of another system",
      { postup: "echo a\necho b", postdown: "echo c" },
      { postUp: "echo a\r\necho b", postDown: "echo c" },
    ],
  ])("of a client: %s", async (_, changes, some) => {
    await using server = await answering([withClient(changes)]);
    const given = externalClient.inputs.parse({
      ...{ clientId: "raspberrypi", network: "netmaker", gateway: NODE },
      ...some,
    });
    const found = await externalClient.read(clientOf(server.url), "netmaker/raspberrypi", given);
    expect(found?.inputs).toEqual(given);
  });

  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>]>([
    ["itself as name server where none is given", { ingressdns: "10.101.0.1" }, { dns: "" }],
    [
      "itself as name server where it is given",
      { ingressdns: "10.101.0.1" },
      { dns: "10.101.0.1" },
    ],
    [
      "a public name server of one to the internet",
      { isinternetgateway: true, ingressdns: "1.1.1.1" },
      { internet: true },
    ],
    [
      "a public name server of one to the internet where it is given",
      { isinternetgateway: true, ingressdns: "1.1.1.1" },
      { internet: true, dns: "1.1.1.1" },
    ],
    ["a text where an empty one is given", {}, { description: "" }],
  ])("of a gateway: %s", async (_, changes, some) => {
    await using server = await answering([json(200, gatewayNode(changes))]);
    const given = gateway.inputs.parse({ network: "netmaker", node: NODE, ...some });
    const found = await gateway.read(clientOf(server.url), `netmaker/${NODE}`, given);
    expect(found?.inputs).toEqual(given);
  });
});

describe("a difference", () => {
  it("of a client: name servers that somebody has set", async () => {
    await using server = await answering([withClient({ dns: "192.0.2.53" })]);
    const given = externalClient.inputs.parse({
      ...{ clientId: "raspberrypi", network: "netmaker", gateway: NODE },
    });
    const found = await externalClient.read(clientOf(server.url), "netmaker/raspberrypi", given);
    expect(found?.inputs).toEqual({ ...given, dns: "192.0.2.53" });
  });

  it("of a gateway: a public name server of one that leads nowhere", async () => {
    await using server = await answering([json(200, gatewayNode({ ingressdns: "1.1.1.1" }))]);
    const given = gateway.inputs.parse({ network: "netmaker", node: NODE });
    const found = await gateway.read(clientOf(server.url), `netmaker/${NODE}`, given);
    expect(found?.inputs).toEqual({ ...given, dns: "1.1.1.1" });
  });
});
