import { at, type JsonObject } from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { check, type CheckArgs } from "./check.ts";

const deployment = { apiVersion: "apps/v1", kind: "Deployment" };
const run = (args: Partial<CheckArgs>): ReturnType<typeof check> =>
  check({
    kind: deployment,
    resourceName: "web",
    old: undefined,
    news: {},
    seed: new Uint8Array([1, 2, 3]),
    namespace: "default",
    ...args,
  });
const metadata = (inputs: JsonObject): unknown => inputs["metadata"];

describe("names", () => {
  it("are generated like the official provider's, and marked", () => {
    const { inputs } = run({});
    expect(at(inputs, ["metadata", "name"])).toMatch(/^web-[0-9a-f]{8}$/);
    expect(at(inputs, ["metadata", "annotations", "pulumi.com/autonamed"])).toBe("true");
    expect(inputs).toMatchObject(deployment);
  });

  it("are the same for the same seed, and kept from the old inputs", () => {
    const first = run({}).inputs;
    expect(run({}).inputs).toEqual(first);
    expect(run({ old: first, seed: new Uint8Array([9]) }).inputs).toEqual(first);
    expect(run({ seed: new Uint8Array([9]) }).inputs).not.toEqual(first);
  });

  it("leave a given name as it is", () => {
    const { inputs } = run({ news: { metadata: { name: "mine" } } });
    expect(metadata(inputs)).toEqual({ name: "mine", namespace: "default" });
  });

  it("follow the engine's wishes", () => {
    const proposed = run({ autonaming: { mode: "enforce", proposed: "stack-web" } });
    expect(at(proposed.inputs, ["metadata", "name"])).toBe("stack-web");
    const disabled = run({ autonaming: { mode: "disable", proposed: "" } });
    expect(disabled.failures).toMatchObject([{ property: "metadata.name" }]);
  });

  it("that no kind accepts are refused, unknown ones pass", () => {
    expect(run({ news: { metadata: { name: "a/b" } } }).failures).toHaveLength(1);
    expect(run({ news: { metadata: { generateName: "a-" } } }).failures).toMatchObject([
      { property: "metadata.generateName" },
    ]);
    expect(run({ news: { metadata: { name: UNKNOWN } } }).failures).toEqual([]);
    expect(run({ news: { metadata: UNKNOWN } }).inputs["metadata"]).toBe(UNKNOWN);
  });
});

describe("namespaces", () => {
  it("are filled in where the kind has one", () => {
    expect(at(run({ namespace: "shop" }).inputs, ["metadata", "namespace"])).toBe("shop");
    const role = run({ kind: { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" } });
    expect(at(role.inputs, ["metadata", "namespace"])).toBeUndefined();
    const custom = run({ kind: { apiVersion: "traefik.io/v1alpha1", kind: "Middleware" } });
    expect(at(custom.inputs, ["metadata", "namespace"])).toBeUndefined();
  });

  it("are refused for cluster-scoped kinds", () => {
    const { failures } = run({
      kind: { apiVersion: "v1", kind: "Namespace" },
      news: { metadata: { name: "a", namespace: "b" } },
    });
    expect(failures).toMatchObject([{ property: "metadata.namespace" }]);
  });
});

describe("other fields", () => {
  it("must agree with the type", () => {
    const { failures } = run({ news: { kind: "Pod", apiVersion: "apps/v1" } });
    expect(failures).toMatchObject([{ property: "kind" }]);
  });

  it("of a Secret are secret", () => {
    const { secrets } = run({ kind: { apiVersion: "v1", kind: "Secret" } });
    expect(secrets).toEqual([["data"], ["stringData"]]);
  });

  it.each([
    ["pulumi.com/replaceUnready", "true", "is not supported by the kubernetes stand-in"],
    ["pulumi.com/timeoutSeconds", "soon", "must be a positive number"],
    ["pulumi.com/waitFor", "ready", "neither condition="],
    ["pulumi.com/deletionPropagationPolicy", "never", "foreground, background or orphan"],
  ])("annotation %s=%s is refused", (name, value, reason) => {
    const { failures } = run({ news: { metadata: { annotations: { [name]: value } } } });
    expect(failures.map((failure) => failure.reason).join()).toContain(reason);
  });
});
