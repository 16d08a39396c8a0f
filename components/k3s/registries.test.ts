import { readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { authorityLines, registriesConfig } from "./registries.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

describe("K3s' registries.yaml", () => {
  it("names mirrors only where there are some", () => {
    expect(registriesConfig({ mirrors: {}, registries: {} })).toBe("");
    const mirrors = { "docker.io": ["http://192.0.2.10:5000"] };
    expect(registriesConfig({ mirrors, registries: {} })).toBe(
      "mirrors:\n  docker.io:\n    endpoint:\n      - http://192.0.2.10:5000\n",
    );
  });

  it("has logins and the files of authorities, by registry", () => {
    const registries = {
      "registry.fog.io:5000": { username: "ci", ca: PEM },
      "open.fog.io": { ca: PEM },
    };
    const text = registriesConfig({ mirrors: {}, registries }, { "registry.fog.io:5000": "s3" });
    expect(parse(text)).toEqual({
      configs: {
        "registry.fog.io:5000": {
          auth: { username: "ci", password: "s3" },
          tls: { ca_file: "/etc/rancher/k3s/registries/registry.fog.io_5000.pem" },
        },
        "open.fog.io": { tls: { ca_file: "/etc/rancher/k3s/registries/open.fog.io.pem" } },
      },
    });
  });

  it("has Docker Hub's login under both of its names, each written out", () => {
    const text = registriesConfig(
      { mirrors: {}, registries: { "docker.io": { username: "ci" } } },
      { "docker.io": "s3" },
    );
    expect(text).not.toMatch(/[&*]/);
    const auth = { username: "ci", password: "s3" };
    expect(parse(text)).toEqual({
      configs: { "docker.io": { auth }, "registry-1.docker.io": { auth } },
    });
  });

  it("is the file that the lab's K3s reads in its own tests", () => {
    const read = "../../lab/stand-ins/k3s/internal/containerd/testdata/registries.yaml";
    const settings = {
      mirrors: { "elsewhere.example": ["https://private.example:5000"] },
      registries: {
        "private.example:5000": { username: "ci", ca: PEM },
        "docker.io": { username: "me" },
      },
    };
    const passwords = { "private.example:5000": 'a"b\\c', "docker.io": "hub's" };
    expect(registriesConfig(settings, passwords)).toBe(
      readFileSync(join(import.meta.dirname, read), "utf8"),
    );
  });

  it.each([
    "yes",
    "0123",
    "12e3",
    "~",
    "null",
    "2026-11-28",
    `a"b\\c'd: #e`,
    "x ".repeat(80),
    "ä€",
  ])("keeps the password %s a text of one line, for parsers of YAML 1.1 as well", (password) => {
    const text = registriesConfig(
      { mirrors: {}, registries: { "r.fog.io": { username: "ci" } } },
      { "r.fog.io": password },
    );
    const read = parse(text, { version: "1.1" }) as { configs: Record<string, { auth: object }> };
    expect(read.configs["r.fog.io"]?.auth).toEqual({ username: "ci", password });
    expect(text).toMatch(/^ +password: ".*"$/m);
  });
});

it("authorities travel as a line each, in an order that stays", () => {
  const one = { "b.fog.io:5000": { ca: PEM }, "a.fog.io": { ca: PEM.trim() }, "c.fog.io": {} };
  const lines = authorityLines({ mirrors: {}, registries: one }).trim().split("\n");
  expect(lines.map((line) => line.split(" ")[0])).toEqual(["a.fog.io.pem", "b.fog.io_5000.pem"]);
  expect(lines.map((line) => Buffer.from(line.split(" ")[1] ?? "", "base64").toString())).toEqual([
    PEM,
    PEM,
  ]);
  expect(authorityLines({ mirrors: {}, registries: {} })).toBe("");
});
