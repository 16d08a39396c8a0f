import { describe, expect, it } from "vitest";

import { CA } from "../testing/certificate.ts";
import type { Problem } from "./problems.ts";
import { passwordCommand, plainPasswords, takePasswords } from "./registries.ts";
import { read } from "./schema.ts";

const login = { username: "ci", password: "hush-hush" };

/** What is told of logins, beside everything else that these settings lack. */
function told(registries: object, mirrors: object = {}): readonly Problem[] {
  const { problems } = read({ k3s: { registries, mirrors } });
  return problems.filter(({ path }) => /^fogline:k3s\.(registries|mirrors)/.test(path));
}

describe("logins to registries", () => {
  it.each([
    ["none", {}, {}],
    ["a login", { "ghcr.io": login }, {}],
    ["Docker Hub's", { "docker.io": login }, {}],
    ["one with a port and an authority", { "r.fog.io:5000": { ...login, ca: CA } }, {}],
    ["an authority and its intermediate", { "r.fog.io": { ca: `${CA}\n${CA}` } }, {}],
    ["one of a mirror", { "m.fog.io": login }, { "docker.io": ["https://m.fog.io"] }],
    [
      "one of a registry's own address",
      { "r.fog.io": login },
      { "r.fog.io": ["https://r.fog.io"] },
    ],
    [
      "both, of a registry and of its mirror",
      { "r.fog.io": login, "m.fog.io": login },
      { "r.fog.io": ["https://m.fog.io/v2"] },
    ],
    [
      "a mirror without TLS beside one",
      { "r.fog.io": login },
      { "docker.io": ["http://10.0.0.9"] },
    ],
  ])("may be: %s", (_, registries, mirrors) => {
    expect(told(registries, mirrors)).toEqual([]);
  });

  it.each([
    ["a URL", { "https://ghcr.io": login }, "https://ghcr.io", "must be a registry's name"],
    ["a path", { "ghcr.io/fog": login }, "ghcr.io/fog", "must be a registry's name"],
    ["a word", { registry: login }, "registry", "must be a registry's name"],
    ["every registry", { "*": login }, "*", "would tell every registry"],
    ["Docker Hub's host", { "registry-1.docker.io": login }, "registry-1.docker.io", "Docker Hub"],
    ["no password", { "ghcr.io": { username: "ci" } }, "ghcr.io.password", "is missing"],
    ["no name", { "ghcr.io": { password: "x" } }, "ghcr.io.username", "is missing"],
    ["nothing", { "ghcr.io": {} }, "ghcr.io", "has neither a login nor"],
    ["a number", { "ghcr.io": { ...login, password: 12345 } }, "ghcr.io.password", "a password"],
    ["two lines", { "ghcr.io": { ...login, password: "a\nb" } }, "ghcr.io.password", "line's end"],
    ["a colon", { "ghcr.io": { ...login, username: "a:b" } }, "ghcr.io.username", "colon"],
    ["a file's name", { "ghcr.io": { ca: "/etc/ca.pem" } }, "ghcr.io.ca", "certificates in PEM"],
    ["half a certificate", { "ghcr.io": { ca: CA.replace("MIHE", "") } }, "ghcr.io.ca", "no whole"],
    [
      "a private key",
      { "ghcr.io": { ca: "-----BEGIN PRIVATE KEY-----" } },
      "ghcr.io.ca",
      "private key",
    ],
    ["another field", { "ghcr.io": { ...login, token: "x" } }, "ghcr.io.token", "is not a setting"],
  ])("may not be: %s", (_, registries, path, rule) => {
    const [found, ...others] = told(registries);
    expect(others).toEqual([]);
    expect(found?.path).toBe(`fogline:k3s.registries.${path}`);
    expect(found?.rule).toContain(rule);
    expect(JSON.stringify(found)).not.toMatch(/hush|12345/);
  });

  it("must be the mirror's where images are asked of one", () => {
    expect(told({ "r.fog.io": login }, { "r.fog.io": ["https://m.fog.io:5000"] })).toEqual([
      {
        path: "fogline:k3s.registries.r.fog.io",
        rule: "its images are asked of m.fog.io:5000 first (fogline:k3s.mirrors), which is not told this login",
        fix: "write the login for m.fog.io:5000, or take r.fog.io out of fogline:k3s.mirrors",
      },
    ]);
  });

  it("are not sent readable", () => {
    const found = told({ "m.fog.io": login }, { "docker.io": ["http://m.fog.io"] });
    expect(found.map(({ path, rule }) => [path, rule])).toEqual([
      [
        "fogline:k3s.mirrors.docker.io",
        "http://m.fog.io would be sent the password of m.fog.io readable",
      ],
    ]);
  });
});

describe("a password in plain text", () => {
  const given = { "r.fog.io:5000": login, "open.fog.io": { ca: CA } };
  const fileWith = (password: unknown): object => ({
    config: { "fogline:k3s": { registries: { "r.fog.io:5000": { password } } } },
  });

  it("is refused with the command that encrypts it, and not told", () => {
    const [problem, ...others] = plainPasswords(given, false, undefined);
    expect(others).toEqual([]);
    expect(problem?.path).toBe("fogline:k3s.registries.r.fog.io:5000.password");
    expect(problem?.fix).toContain(
      `pulumi config set --secret --path 'fogline:k3s.registries["r.fog.io:5000"].password'`,
    );
    expect(JSON.stringify(problem)).not.toContain("hush");
  });

  it("is found beside one that is encrypted", () => {
    expect(plainPasswords(given, true, fileWith("hush-hush"))).toHaveLength(1);
    expect(plainPasswords(given, true, fileWith({ secure: "v1:AAAA" }))).toEqual([]);
    expect(plainPasswords(given, true, undefined)).toEqual([]);
  });

  it("is taken out of the settings that everything else is given", () => {
    const { open, passwords } = takePasswords(given);
    expect(open).toEqual({ "r.fog.io:5000": { username: "ci" }, "open.fog.io": { ca: CA } });
    expect(passwords).toEqual({ "r.fog.io:5000": "hush-hush" });
  });

  it("is encrypted by a command that holds none", () => {
    expect(passwordCommand("ghcr.io")).toBe(
      `pulumi config set --secret --path 'fogline:k3s.registries["ghcr.io"].password'`,
    );
  });
});
