import { writeFileSync } from "node:fs";
import { join } from "node:path";

import type { JsonObject } from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { beforeEach, describe, expect, it } from "vitest";

import { ownFolder } from "../../testing/folder.ts";
import { readKubeconfig } from "./kubeconfig.ts";
import { parseSettings, settingsDifference, settingsProblems } from "./settings.ts";

let folder = "";
beforeEach(() => {
  folder = ownFolder();
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

describe("changed settings", () => {
  const A = kubeconfig("https://a:6443");
  const B = kubeconfig("https://b:6443");
  const renewed = kubeconfig("https://a:6443", { token: "new" });
  it.each<[string, JsonObject, JsonObject, string[], string[]]>([
    ["the same", { kubeconfig: A }, { kubeconfig: A }, [], []],
    ["another user", { kubeconfig: A }, { kubeconfig: renewed }, ["kubeconfig"], []],
    ["another server", { kubeconfig: A }, { kubeconfig: B }, ["kubeconfig"], ["kubeconfig"]],
    [
      "another authority",
      { kubeconfig: A },
      { kubeconfig: kubeconfig("https://a:6443", {}, "b3RoZXI=") },
      ["kubeconfig"],
      ["kubeconfig"],
    ],
    [
      "a kubeconfig that is not known yet",
      { kubeconfig: A },
      { kubeconfig: UNKNOWN },
      ["kubeconfig"],
      ["kubeconfig"],
    ],
    [
      "a kubeconfig that is not known yet, of a named cluster",
      { kubeconfig: A, clusterIdentifier: "one" },
      { kubeconfig: UNKNOWN, clusterIdentifier: "one" },
      ["kubeconfig"],
      [],
    ],
    [
      "another server of a named cluster",
      { kubeconfig: A, clusterIdentifier: "one" },
      { kubeconfig: B, clusterIdentifier: "one" },
      ["kubeconfig"],
      [],
    ],
    [
      "a name given to the cluster",
      { kubeconfig: A },
      { kubeconfig: renewed, clusterIdentifier: "one" },
      ["kubeconfig", "clusterIdentifier"],
      [],
    ],
    [
      "a name given while the kubeconfig is not known",
      { kubeconfig: A },
      { kubeconfig: UNKNOWN, clusterIdentifier: "one" },
      ["kubeconfig"],
      ["kubeconfig"],
    ],
    [
      "a name taken from the cluster",
      { kubeconfig: A, clusterIdentifier: "one" },
      { kubeconfig: A },
      ["clusterIdentifier"],
      [],
    ],
    [
      "another name",
      { kubeconfig: A, clusterIdentifier: "one" },
      { kubeconfig: A, clusterIdentifier: "two" },
      ["clusterIdentifier"],
      ["clusterIdentifier"],
    ],
    [
      "a name that is not known yet",
      { kubeconfig: A, clusterIdentifier: "one" },
      { kubeconfig: A, clusterIdentifier: UNKNOWN },
      ["clusterIdentifier"],
      ["clusterIdentifier"],
    ],
    [
      "adoption allowed",
      { kubeconfig: A },
      { kubeconfig: A, upsertExistingObjects: "true" },
      ["upsertExistingObjects"],
      [],
    ],
  ])("%s", (_name, old, news, changed, replaces) => {
    expect(settingsDifference(old, news)).toEqual({ changed, replaces });
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
