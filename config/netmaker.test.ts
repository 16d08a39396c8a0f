import { describe, expect, it } from "vitest";

import { SettingsError, type Problem } from "./problems.ts";
import { parse } from "./schema.ts";

const sum = "0".repeat(64);
const otherSum = "1".repeat(64);
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const valid = {
  cloud: { arch: "amd64", lab: true, sshFrom: ["203.0.113.7/32"] },
  k3s: { version: "v1.36.3+k3s1", sha256: { amd64: sum, arm64: otherSum } },
};
const pinned = { server: { sha256: { amd64: sum } }, client: { sha256: { amd64: sum } } };

function problemsOf(raw: Readonly<Record<string, unknown>>): readonly Problem[] {
  try {
    parse({ ...valid, overlay: { kind: "netmaker" }, ...raw });
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.problems;
    }
    throw error;
  }
  return [];
}

describe("an overlay of kind netmaker", () => {
  it("needs nothing but the sums of its two programs", () => {
    expect(problemsOf({ netmaker: pinned })).toEqual([]);
  });

  it("is asked for by name: the default stays plain WireGuard", () => {
    expect(parse(valid).overlay.kind).toBe("wireguard");
  });

  it("keeps its records in SQLite and serves no web application unless told", () => {
    const { netmaker } = parse({ ...valid, netmaker: pinned });
    expect(netmaker.database).toBe("sqlite");
    expect(netmaker.ui).toBeUndefined();
  });

  it("takes PostgreSQL and a web application that is pinned", () => {
    const ui = { download: "https://files.example.com/ui-{version}.tar.gz", sha256: sum };
    expect(problemsOf({ netmaker: { ...pinned, database: "postgres", ui } })).toEqual([]);
  });

  it.each([
    ["without its sum", { download: "http://192.0.2.1/ui.tar.gz" }, "sha256", "not pinned"],
    ["without its place", { sha256: sum }, "download", "http(s) URL"],
    ["in a file", { download: "file:///ui.tar.gz", sha256: sum }, "download", "http(s) URL"],
  ])("refuses a web application %s, and says so once", (_, ui, path, rule) => {
    expect(problemsOf({ netmaker: { ...pinned, ui } })).toEqual([
      {
        path: `fogline:netmaker.ui.${path}`,
        rule: expect.stringContaining(rule) as string,
        fix: expect.stringMatching(/./) as string,
      },
    ]);
  });

  it("tells every program without a sum for the cloud's processor, at once", () => {
    expect(problemsOf({ netmaker: {} }).map(({ path }) => path)).toEqual([
      "fogline:netmaker.server.sha256.amd64",
      "fogline:netmaker.client.sha256.amd64",
    ]);
    const arm = problemsOf({ cloud: { ...valid.cloud, arch: "arm64" }, netmaker: pinned });
    expect(arm.map(({ path }) => path)).toContain("fogline:netmaker.server.sha256.arm64");
  });

  it("refuses a device's name that is too long for its client, or for that of its bundle", () => {
    const edge = [
      { name: "p".repeat(32), host: "192.0.2.99", hostKey },
      { name: "p".repeat(33), host: "192.0.2.98", hostKey },
      { name: "c".repeat(27), reach: "bundle" },
      { name: "c".repeat(28), reach: "bundle" },
    ];
    const problem = (n: number, most: number): unknown => ({
      path: `fogline:edge[${n}].name`,
      rule: expect.stringContaining(`has ${most} at most`) as string,
      fix: expect.stringMatching(/./) as string,
    });
    expect(problemsOf({ netmaker: pinned, edge })).toEqual([problem(1, 32), problem(3, 27)]);
  });

  it.each([
    ["a release without v", { version: "1.5.1" }, "version"],
    ["capitals in the network's name", { network: "Netmaker" }, "network"],
    ["a name of 33 characters", { network: "n".repeat(33) }, "network"],
    ["an address as its domain", { domain: "203.0.113.10" }, "domain"],
    ["a misspelt key", { domian: "netmaker.example.com" }, "domian"],
    ["a short sum", { server: { sha256: { amd64: "abc" } } }, "server.sha256.amd64"],
    ["a database that it cannot have", { database: "mysql" }, "database"],
    [
      "a short sum of the web application",
      { ui: { download: "http://a/b", sha256: "abc" } },
      "ui.sha256",
    ],
    ["a file as download", { client: { download: "file:///netclient" } }, "client.download"],
  ])("refuses %s", (_, change, path) => {
    const problems = problemsOf({ netmaker: { ...pinned, ...change } });
    expect(problems.map((problem) => problem.path)).toContain(`fogline:netmaker.${path}`);
    expect(problems.every(({ fix }) => fix !== "")).toBe(true);
  });
});
