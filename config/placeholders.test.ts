import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { placeholders } from "./placeholders.ts";

const zeros = "0".repeat(64);
const nothing = createHash("sha256").digest("hex");
const cloud = { arch: "amd64" };

describe("values that stand for others", () => {
  it.each([
    ["a documentation address", { edge: [{ host: "192.0.2.99" }] }, "edge[0].host"],
    ["a range of such", { cloud: { sshFrom: ["198.51.100.0/28"] } }, "cloud.sshFrom[0]"],
    ["one in a URL", { k3s: { download: "http://203.0.113.9:80/k3s" } }, "k3s.download"],
    [
      "a mirror's",
      { k3s: { mirrors: { "docker.io": ["http://192.0.2.1"] } } },
      "k3s.mirrors.docker.io[0]",
    ],
    ["a sum of zeros", { cloud, k3s: { sha256: { amd64: zeros } } }, "k3s.sha256.amd64"],
    ["an image's digest of zeros", { ingress: { image: `a/b@sha256:${zeros}` } }, "ingress.image"],
    ["a name of an example", { netmaker: { domain: "netmaker.example.com" } }, "netmaker.domain"],
    ["a host of an example", { edge: [{ host: "pi.example" }] }, "edge[0].host"],
    ["an IPv6 address of such", { edge: [{ host: "2001:db8::1" }] }, "edge[0].host"],
    ["one of the newer range", { k3s: { download: "http://[3fff:1::9]/k3s" } }, "k3s.download"],
    ["the sum of nothing", { cloud, k3s: { sha256: { amd64: nothing } } }, "k3s.sha256.amd64"],
    ["the digest of nothing", { ingress: { image: `a/b@sha256:${nothing}` } }, "ingress.image"],
    ["an owner of an example", { website: { image: "ghcr.io/you/w@sha256:1" } }, "website.image"],
    ["a word for one's own", { cloud: { resourceGroup: "Yours" } }, "cloud.resourceGroup"],
    ["a blank to be filled in", { cloud: { adminUser: "<your name>" } }, "cloud.adminUser"],
    ["a host to be filled in", { edge: [{ host: "your-pi" }] }, "edge[0].host"],
  ])("are found: %s", (_, settings, path) => {
    const [found, ...others] = placeholders(settings);
    expect(others).toEqual([]);
    expect(found?.path).toBe(`fogline:${path}`);
    expect(found?.fix).not.toBe("");
  });

  it.each([
    ["a sum for a processor that no machine has", { cloud, k3s: { sha256: { arm64: zeros } } }],
    ["addresses of the lab's own internet", { cloud: { lab: true, sshFrom: ["198.51.100.2/32"] } }],
    ["a real address", { cloud: { sshFrom: ["198.52.100.2/32"] } }],
    ["a release's number", { k3s: { version: "v1.36.3+k3s1" } }],
    ["a name that holds the word", { edge: [{ host: "example.lan" }] }],
    ["a name that holds another one", { edge: [{ host: "find-your-way.lan" }] }],
    ["a real IPv6 address", { edge: [{ host: "2001:db9::1" }] }],
    ["a link-local one", { edge: [{ host: "fe80::3fff:1" }] }],
    [
      "a password, which would be told",
      { k3s: { registries: { "r.fog.io": { username: "ci", password: "changeme" } } } },
    ],
    ["a tag that looks like an address", { ingress: { image: "a/b:3fff@sha256:1" } }],
  ])("are not: %s", (_, settings) => {
    expect(placeholders(settings)).toEqual([]);
  });

  it("say which command finds what can be found, and what is left to write", () => {
    const fixOf = (settings: object): string => placeholders(settings)[0]?.fix ?? "";
    expect(fixOf({ cloud, k3s: { sha256: { amd64: zeros } } })).toContain("make pin");
    expect(fixOf({ ingress: { image: `a/b@sha256:${zeros}` } })).toContain("make pin");
    expect(fixOf({ netmaker: { ui: { sha256: zeros } } })).not.toContain("make pin");
  });
});
