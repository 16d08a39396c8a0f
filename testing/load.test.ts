/** What `load` makes of a stack's configuration, as the engine hands it over. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { afterAll, describe, expect, it } from "vitest";

import type { App } from "../apps/app.ts";
import { APPS } from "../apps/index.ts";
import { load, type RefusedSettings } from "../config/load.ts";
import { program } from "../stacks/program.ts";
import { mockEngine, settled, value } from "./engine.ts";
import { APPS as WITH_HELLO } from "./fixtures/apps/index.ts";

const folder = mkdtempSync(join(tmpdir(), "fogline-load-"));
const sshKey = join(folder, "id_ed25519");
execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", sshKey]);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const digest = "5".repeat(64);
const ready = {
  operator: { sshKey },
  cloud: { sshFrom: ["8.8.4.4/32"] },
  k3s: { version: "v1.36.3+k3s1", sha256: { arm64: digest } },
  website: { image: `ghcr.io/fogline/website@sha256:${digest}` },
  database: { image: `docker.io/library/postgres:17@sha256:${digest}` },
  ingress: { image: `docker.io/library/traefik:v3.7@sha256:${digest}` },
};

/** The error that `load` ends with. */
function refused(settings: Readonly<Record<string, unknown>>, draft = false): RefusedSettings {
  mockEngine(settings, { draft });
  try {
    load(APPS);
  } catch (error) {
    return error as RefusedSettings;
  }
  throw new Error("nothing was refused");
}

describe("loading a stack's settings", () => {
  it("gives them with the operator's key pair", async () => {
    mockEngine(ready, { draft: false });
    const { settings, operatorKey } = load(APPS);
    expect(settings.cloud.sshFrom).toEqual(["8.8.4.4/32"]);
    expect(operatorKey.publicKey).toMatch(/^ssh-ed25519 /);
    expect(await pulumi.isSecret(operatorKey.privateKey)).toBe(true);
  });

  it("refuses settings, placeholders and key with one error that the engine shows alone", () => {
    const error = refused({
      ...ready,
      operator: { sshKey: folder },
      cloud: { sshFrom: ["203.0.113.7/32"] },
      overlay: { range: "100.64.0.0/16" },
    });
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error.message.split("\n")[0]).toBe(
      "The stack's settings have 3 problems; nothing was created.",
    );
    expect(error.problems.map(({ path }) => path)).toEqual([
      "fogline:overlay.range",
      "fogline:cloud.sshFrom[0]",
      "fogline:operator.sshKey",
    ]);
  });

  it("tells what is wrong with the key although other settings cannot be read", () => {
    const error = refused({ ...ready, operator: { sshKey: "/nowhere/key" }, website: {} });
    expect(error.problems.map(({ path }) => path)).toEqual([
      "fogline:website.image",
      "fogline:operator.sshKey",
    ]);
  });

  it("refuses an app without one that it needs, with all other problems, before anything is made", async () => {
    const settings = { ...ready, overlay: { range: "100.64.0.0/16" }, hello: { enabled: true } };
    const registered = mockEngine(settings, { draft: false });
    const ingress: App = { ...WITH_HELLO.ingress, enabled: () => false };
    const error = await program({ ...WITH_HELLO, ingress }).then(
      () => undefined,
      (reason: unknown) => reason as RefusedSettings,
    );
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error?.problems.map(({ path }) => path)).toEqual([
      "fogline:overlay.range",
      "fogline:hello.image",
      "fogline:hello.replicas",
      "fogline:website",
      "fogline:hello",
    ]);
    expect(error?.message).toContain(
      "fix: enable ingress in fogline:ingress, or disable hello in fogline:hello",
    );
    await settled();
    expect(registered).toEqual([]);
  });

  describe("with a login to a registry", () => {
    const registries = { "r.fog.io": { username: "ci", password: "hush-hush" } };
    const settings = { ...ready, k3s: { ...ready.k3s, registries } };

    it("keeps the password apart from the settings, as a secret", async () => {
      mockEngine(settings, { draft: false, secrets: ["k3s"] });
      const loaded = load(APPS);
      expect(JSON.stringify(loaded.settings)).not.toContain("hush-hush");
      expect(loaded.settings.k3s.registries).toEqual({ "r.fog.io": { username: "ci" } });
      expect(await value(loaded.registryPasswords)).toEqual({ "r.fog.io": "hush-hush" });
      expect(await pulumi.isSecret(loaded.registryPasswords)).toBe(true);
    });

    it.each([true, false])("refuses a password that is not encrypted (draft: %s)", (draft) => {
      const { message, problems } = refused(settings, draft);
      expect(problems.map(({ path }) => path)).toEqual([
        "fogline:k3s.registries.r.fog.io.password",
      ]);
      expect(message).toContain("pulumi config set --secret --path");
      expect(message).not.toContain("hush-hush");
    });

    it("tells no password of settings that are wrong otherwise", () => {
      const error = refused({ ...settings, overlay: { range: "100.64.0.0/16" } });
      expect(error.problems).toHaveLength(2);
      expect(error.message).not.toContain("hush-hush");
    });
  });

  it("lets placeholders through where the program only declares its resources", () => {
    mockEngine({ ...ready, cloud: { sshFrom: ["203.0.113.7/32"] } }, { draft: true });
    expect(load(APPS).settings.cloud.sshFrom).toEqual(["203.0.113.7/32"]);
  });
});
