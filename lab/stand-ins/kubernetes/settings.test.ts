import type { JsonObject } from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { readKubeconfig } from "./kubeconfig.ts";
import { parseSettings, settingsDifference, settingsProblems } from "./settings.ts";
import { kubeconfigOf } from "./testing/kubeconfig.ts";

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
  const K = "kubeconfig";
  const I = "clusterIdentifier";
  const CA = "certificate-authority-data";
  const A = { [K]: kubeconfigOf("https://a:6443") };
  const renewed = { [K]: kubeconfigOf("https://a:6443", { token: "new" }) };
  const trusted = { [K]: kubeconfigOf("https://a:6443", {}, { [CA]: "b3RoZXI=" }) };
  const B = { [K]: kubeconfigOf("https://b:6443") };
  const open = { [K]: UNKNOWN };
  const one = { [I]: "one" };
  it.each<[string, JsonObject, JsonObject, string[], string[]]>([
    ["the same", A, A, [], []],
    ["another user", A, renewed, [K], []],
    ["another server", A, B, [K], [K]],
    ["another authority", A, trusted, [K], [K]],
    ["a kubeconfig that is not known yet", A, open, [K], [K]],
    ["the same of a named cluster", { ...A, ...one }, { ...open, ...one }, [K], []],
    ["another server of a named cluster", { ...A, ...one }, { ...B, ...one }, [K], []],
    ["a name given to the cluster", A, { ...renewed, ...one }, [K, I], []],
    ["a name given while the kubeconfig is not known", A, { ...open, ...one }, [K], [K]],
    ["a name taken from the cluster", { ...A, ...one }, A, [I], []],
    ["another name", { ...A, ...one }, { ...A, [I]: "two" }, [I], [I]],
    ["a name that is not known yet", { ...A, ...one }, { ...A, [I]: UNKNOWN }, [I], [I]],
    ["adoption allowed", A, { ...A, upsertExistingObjects: "true" }, ["upsertExistingObjects"], []],
  ])("%s", (_name, old, news, changed, replaces) => {
    expect(settingsDifference(old, news)).toEqual({ changed, replaces });
  });
});

describe("readKubeconfig", () => {
  it("takes the content that K3s writes", () => {
    const user = { "client-certificate-data": "Y2VydA==", "client-key-data": "a2V5" };
    const authority = { "certificate-authority-data": "Y2E=" };
    const access = readKubeconfig(kubeconfigOf("https://a:6443/", user, authority));
    expect(access).toMatchObject({ server: "https://a:6443", token: undefined });
    expect([access.ca, access.cert, access.key].map(String)).toEqual(["ca", "cert", "key"]);
    expect(readKubeconfig(kubeconfigOf("https://a:6443")).token).toBe("test-token");
  });

  it.each([
    ["user", "exec", kubeconfigOf("https://a", { exec: { command: "aws" } })],
    ["user", "client-key", kubeconfigOf("https://a", { "client-key": "/key" })],
    ["cluster", "proxy-url", kubeconfigOf("https://a", {}, { "proxy-url": "p" })],
    ["context", "namespace", kubeconfigOf("https://a").replace('"user":"u"', '$&,"namespace":"n"')],
  ])("refuses by name: %s with %s", (part, name, text) => {
    expect(() => readKubeconfig(text)).toThrow(new RegExp(`${part} ".*" uses "${name}"`));
  });

  it("says what is missing", () => {
    const text = kubeconfigOf("https://a").replace(
      '"current-context":"x"',
      '"current-context":"y"',
    );
    expect(() => readKubeconfig(text)).toThrow('no context named "y"');
    expect(() => readKubeconfig("/nowhere/kubeconfig")).toThrow("its content only, not a path");
    expect(() => readKubeconfig(undefined)).toThrow("its content only, not a path");
  });

  it("never quotes a kubeconfig that does not parse", () => {
    const broken = "users:\n  token: very-secret\n bad: [";
    expect(() => readKubeconfig(broken)).toThrow(/^(?!.*very-secret).*neither YAML nor JSON/s);
  });
});
