import type { JsonObject } from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { readKubeconfig } from "./kubeconfig.ts";
import { parseSettings, settingsDifference, settingsProblems } from "./settings.ts";

const kubeconfig = (server: string, user: object = { token: "t" }, ca = "Y2E="): string =>
  JSON.stringify({
    "current-context": "x",
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": ca } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
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
    ["namespace", "shop"],
    ["context", "other"],
    ["enableSecretMutable", "true"],
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
  it("takes the content that K3s writes", () => {
    const user = { "client-certificate-data": "Y2VydA==", "client-key-data": "a2V5" };
    const access = readKubeconfig(kubeconfig("https://a:6443/", user));
    expect(access).toMatchObject({ server: "https://a:6443", token: undefined });
    expect([access.ca, access.cert, access.key].map(String)).toEqual(["ca", "cert", "key"]);
    expect(readKubeconfig(kubeconfig("https://a:6443")).token).toBe("t");
  });

  it.each([
    ["user", "exec", kubeconfig("https://a", { exec: { command: "aws" } })],
    ["user", "client-key", kubeconfig("https://a", { "client-key": "/key" })],
    ["cluster", "proxy-url", kubeconfig("https://a").replace('"server"', '"proxy-url":"p",$&')],
    ["context", "namespace", kubeconfig("https://a").replace('"user":"u"', '$&,"namespace":"n"')],
  ])("refuses by name: %s with %s", (part, name, text) => {
    expect(() => readKubeconfig(text)).toThrow(new RegExp(`${part} ".*" uses "${name}"`));
  });

  it("says what is missing", () => {
    const text = kubeconfig("https://a").replace('"current-context":"x"', '"current-context":"y"');
    expect(() => readKubeconfig(text)).toThrow('no context named "y"');
    expect(() => readKubeconfig("/nowhere/kubeconfig")).toThrow("its content only, not a path");
    expect(() => readKubeconfig(undefined)).toThrow("its content only, not a path");
  });

  it("never quotes a kubeconfig that does not parse", () => {
    const broken = "users:\n  token: very-secret\n bad: [";
    expect(() => readKubeconfig(broken)).toThrow(/^(?!.*very-secret).*neither YAML nor JSON/s);
  });
});
