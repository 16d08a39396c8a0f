import { readFileSync } from "node:fs";

import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { holdsSecret, secret, unwrap, type Properties } from "@fogline/pulumi-kit/values";
import { describe, expect, it } from "vitest";

import { answering, json } from "../api/testing/server.ts";
import { NetmakerProvider } from "./provider.ts";
import { clientOptions } from "./settings.ts";

function urn(kind: string): string {
  return `urn:pulumi:test::mesh::netmaker:index:${kind}::one`;
}

/** What a provider finds wrong with inputs as a program gives them. */
function problems(kind: string, inputs: Properties): string[] {
  const provider = new NetmakerProvider();
  const complete = provider.complete(urn(kind), inputs);
  return provider
    .check(urn(kind), complete)
    .map(({ property, reason }) => `${property}: ${reason}`);
}

describe("inputs", () => {
  it.each<[string, Properties]>([
    ["Network", { name: "mesh", addressRange: "10.77.0.0/16" }],
    ["EnrollmentKey", { name: "raspberrypi", networks: ["mesh"], uses: 1 }],
    ["Host", { name: "pi", network: "mesh" }],
    ["Gateway", { network: "mesh", node: UNKNOWN }],
    ["ExternalClient", { clientId: "laptop", network: "mesh", gateway: UNKNOWN }],
    ["Egress", { name: "cloud", network: "mesh", range: "10.10.0.0/16", node: UNKNOWN }],
    [
      "AclRule",
      { name: "a", network: "m", from: [{ kind: "everyone" }], to: [{ kind: "gateways" }] },
    ],
    ["DnsRecord", { name: "pi.mesh", network: "mesh", address: UNKNOWN }],
    ["SuperAdmin", { username: "operator", password: secret("a long one") }],
  ])("of a %s may leave out what has a default", (kind, inputs) => {
    expect(problems(kind, inputs)).toEqual([]);
  });

  it("are refused with every problem at once, each by its property", () => {
    expect(problems("Network", { name: "My Mesh", mtu: 100, keepAlive: 5 })).toEqual([
      expect.stringMatching(/^mtu: /),
      "keepAlive: is no input of this resource",
      expect.stringMatching(/^name: must be of a-z, 0-9, - and _; write it in lower case/),
      expect.stringMatching(/^addressRange: must be given, or addressRange6; /),
    ]);
  });

  it("that are not known yet are not judged, those beside them are", () => {
    expect(problems("Network", { name: UNKNOWN, addressRange: "10.77.0.0/31" })).toEqual([
      expect.stringMatching(/^addressRange: must be \/30 or larger/),
    ]);
    expect(problems("Network", { name: "mesh", addressRange: UNKNOWN })).toEqual([]);
  });

  it.each<[string, Properties, string]>([
    ["EnrollmentKey", { name: "pi", networks: [], uses: 1 }, "networks: "],
    ["EnrollmentKey", { name: "pi", networks: ["m"] }, "name: must be 3 to 32 characters"],
    ["ExternalClient", { clientId: "pi", network: "m", gateway: "g" }, "clientId: must be 5 to 32"],
    ["ExternalClient", { network: "m", gateway: "g" }, "clientId: is missing"],
    ["Egress", { name: "a", network: "m", range: "ten", node: "n" }, "range: must be a range"],
    ["DnsRecord", { name: "pi", network: "m" }, "address: is missing; give address, address6"],
    ["Host", { name: "pi", network: "m", mtu: 10 }, "mtu: "],
    [
      "AclRule",
      { name: "a", network: "m", from: [{ kind: "everyone" }], to: [{ kind: "host" }] },
      "to.0.kind: ",
    ],
    [
      "AclRule",
      {
        name: "a",
        network: "m",
        from: [{ kind: "gateways" }],
        to: [{ kind: "gateways" }],
        ports: ["80"],
      },
      "ports: cannot be given with all; choose tcp or udp",
    ],
    [
      "EnrollmentKey",
      { name: "key", networks: ["m"], uses: 1, expires: "2030-01-01T00:00:00Z" },
      "expires: cannot be given with uses",
    ],
  ])("of a %s are refused: %j", (kind, inputs, problem) => {
    expect(problems(kind, inputs)[0]).toContain(problem);
  });
});

describe("settings", () => {
  it.each<[Properties, string[]]>([
    [{ url: "https://api.example.com", username: "operator", password: secret("x") }, []],
    [{ url: "https://api.example.com", masterKey: UNKNOWN }, []],
    [{ url: "https://api.example.com", masterKey: "k", timeout: "120" }, []],
    [
      { url: "https://api.example.com", masterKey: "k", timeout: "0" },
      ["timeout: must be a number of seconds from 1 to 600"],
    ],
    [{ username: "operator", password: "x" }, ["url: is missing"]],
    [
      { url: "api.example.com", username: "operator" },
      [
        "url: must be a URL like https://api.example.com",
        "password: is missing: give username and password, or masterKey",
      ],
    ],
    [
      { url: "https://api.example.com", username: "operator" },
      ["password: is missing: give username and password, or masterKey"],
    ],
  ])("%j are judged: %j", (settings, expected) => {
    const found = new NetmakerProvider().checkConfig(settings);
    expect(found.map(({ property, reason }) => `${property}: ${reason}`)).toEqual(expected);
  });

  it("give a slow server more time", () => {
    const settings = { url: "https://api.example.com", masterKey: "k", timeout: "120" };
    expect(clientOptions(settings)).toMatchObject({ timeout: 120_000, deadline: 480_000 });
    expect(clientOptions({ ...settings, timeout: UNKNOWN })).toBeUndefined();
  });

  it("that are not known yet leave a provider that says so when it is needed", async () => {
    const provider = new NetmakerProvider();
    provider.configure({ url: UNKNOWN, masterKey: "k" });
    await expect(provider.delete(urn("Network"), {}, "mesh")).rejects.toThrow(/not known yet/);
  });
});

describe("a difference", () => {
  const provider = new NetmakerProvider();

  it.each<[string, string, boolean]>([
    ["Network", "addressRange", true],
    ["Network", "removeAfter", false],
    ["EnrollmentKey", "expires", true],
    ["EnrollmentKey", "groups", false],
    ["Host", "listenPort", false],
    ["Gateway", "node", true],
    ["Gateway", "mtu", false],
    ["ExternalClient", "gateway", true],
    ["ExternalClient", "publicKey", false],
    ["ExternalClient", "enabled", false],
    ["Egress", "range", false],
    ["AclRule", "ports", false],
    ["DnsRecord", "address", true],
  ])("of a %s in %s makes it anew: %s", (kind, property, replaces) => {
    expect(provider.diff(urn(kind), { [property]: "a" }, { [property]: "b" })).toEqual([
      { path: property, kind: "update", replaces },
    ]);
  });

  it("between a key of the client's own and a pair of the server's makes the client anew", () => {
    const own = { publicKey: "a" };
    for (const [before, after] of [[own, {}] as const, [{}, own] as const]) {
      expect(provider.diff(urn("ExternalClient"), before, after)).toMatchObject([
        { path: "publicKey", replaces: true },
      ]);
    }
  });

  it("is none between a secret and its value", () => {
    expect(provider.diff(urn("Network"), { name: "a" }, { name: secret("a") })).toEqual([]);
  });
});

describe("what is read", () => {
  const keys: unknown = JSON.parse(
    readFileSync(new URL("../api/testdata/enrollment-keys.json", import.meta.url), "utf8"),
  );

  it("keeps secret what was secret in the program, and what always is", async () => {
    await using server = await answering([json(200, keys)]);
    const provider = new NetmakerProvider();
    provider.configure({ url: server.url, masterKey: "k" });
    const inputs = { name: "raspberrypi", networks: secret(["netmaker"]), uses: 1, groups: [] };
    const found = await provider.read(urn("EnrollmentKey"), "raspberrypi", { inputs });
    expect(unwrap(found?.inputs)).toEqual({ ...inputs, networks: ["netmaker"] });
    const marked = Object.entries(found?.outputs ?? {}).filter(([, value]) => holdsSecret(value));
    expect(marked.map(([key]) => key).sort()).toEqual(["networks", "token", "value"]);
    expect(holdsSecret(found?.inputs["networks"])).toBe(true);
  });

  it("of a gateway that answers names itself is what no name server is", async () => {
    const nodes = readFileSync(new URL("../api/testdata/nodes.json", import.meta.url), "utf8");
    const filled = JSON.parse(nodes.replace('"ingressdns": ""', '"ingressdns": "10.101.0.1"')) as {
      readonly id: string;
    }[];
    await using server = await answering([json(200, filled)]);
    const provider = new NetmakerProvider();
    provider.configure({ url: server.url, masterKey: "k" });
    const id = `netmaker/${filled[0]?.id ?? ""}`;
    const found = await provider.read(urn("Gateway"), id, { inputs: {} });
    expect(found?.inputs["dns"]).toBe("");
  });

  it("is undefined for what is gone", async () => {
    await using server = await answering([json(200, keys)]);
    const provider = new NetmakerProvider();
    provider.configure({ url: server.url, masterKey: "k" });
    expect(await provider.read(urn("EnrollmentKey"), "other", { inputs: {} })).toBeUndefined();
  });
});
