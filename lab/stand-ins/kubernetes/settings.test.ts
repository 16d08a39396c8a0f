import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readKubeconfig } from "./kubeconfig.ts";
import { parseSettings, settingsProblems, settingsReplaces } from "./settings.ts";
import { UNKNOWN } from "./values.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fogline-kubeconfig-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const kubeconfig = (server: string, user: object = { token: "t" }, ca = "Y2E="): string =>
  JSON.stringify({
    "current-context": "x",
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": ca } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "shop" } }],
    users: [{ name: "u", user }],
  });

describe("settings", () => {
  it("read booleans that arrive as JSON text", () => {
    const settings = parseSettings({ enablePatchForce: "true", deleteUnreachable: "false" });
    expect(settings).toMatchObject({ patchForce: true, deleteUnreachable: false });
  });

  it.each([
    ["enableServerSideApply", "false"],
    ["renderYamlToDirectory", "out"],
    ["helmReleaseSettings", "{}"],
    ["nonsense", "1"],
  ])("%s=%s is refused by name", (property, value) => {
    expect(settingsProblems({ [property]: value })).toMatchObject([{ property }]);
  });

  it("accepts what the SDK sends by default", () => {
    const sent = { kubeconfig: UNKNOWN, enableServerSideApply: "true", version: "4.34.2" };
    expect(settingsProblems(sent)).toEqual([]);
  });
});

describe("a changed kubeconfig", () => {
  const before = { kubeconfig: kubeconfig("https://a:6443") };
  it.each<[string, Record<string, string>, string[]]>([
    ["another user", { kubeconfig: kubeconfig("https://a:6443", { token: "new" }) }, []],
    ["another server", { kubeconfig: kubeconfig("https://b:6443") }, ["kubeconfig"]],
    [
      "another authority",
      { kubeconfig: kubeconfig("https://a:6443", {}, "b3RoZXI=") },
      ["kubeconfig"],
    ],
    ["a value not known yet", { kubeconfig: UNKNOWN }, []],
    ["an identifier", { ...before, clusterIdentifier: "new" }, ["clusterIdentifier"]],
  ])("with %s replaces %j", (_name, news, replaces) => {
    expect(settingsReplaces(before, news)).toEqual(replaces);
  });

  it("replaces nothing while the identifier stays", () => {
    const news = { kubeconfig: kubeconfig("https://b:6443"), clusterIdentifier: "one" };
    expect(settingsReplaces({ ...before, clusterIdentifier: "one" }, news)).toEqual([]);
  });
});

describe("readKubeconfig", () => {
  it("takes content or a path, with files beside it", () => {
    const text = kubeconfig("https://a:6443/");
    const path = join(folder, "config");
    writeFileSync(
      path,
      text.replace('certificate-authority-data":"Y2E=', 'certificate-authority":"ca.crt'),
    );
    writeFileSync(join(folder, "ca.crt"), "ca");
    for (const choice of [text, path]) {
      const access = readKubeconfig({ kubeconfig: choice });
      expect(access).toMatchObject({
        server: "https://a:6443",
        namespace: "shop",
        insecure: false,
      });
      expect(access.ca?.toString()).toBe("ca");
      expect(access.authorization()).toBe("Bearer t");
    }
  });

  it("refuses helpers that it cannot run, by name", () => {
    const text = kubeconfig("https://a", { exec: { command: "aws" } });
    expect(() => readKubeconfig({ kubeconfig: text })).toThrow('user "u" uses "exec"');
  });

  it("says what is missing", () => {
    const choice = { kubeconfig: kubeconfig("https://a"), context: "other" };
    expect(() => readKubeconfig(choice)).toThrow('no context named "other"');
    expect(() => readKubeconfig({ kubeconfig: join(folder, "absent") })).toThrow(
      "no kubeconfig found at",
    );
  });

  it("never quotes a kubeconfig that does not parse", () => {
    const broken = "users:\n  token: very-secret\n bad: [";
    expect(() => readKubeconfig({ kubeconfig: broken })).toThrow(
      /^(?!.*very-secret).*neither YAML nor JSON/s,
    );
  });
});
