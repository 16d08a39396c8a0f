import type { JsonObject } from "@fogline/pulumi-kit/json";
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { check } from "./check.ts";

const deployment = { apiVersion: "apps/v1", kind: "Deployment" };
const run = (metadata: JsonObject | string, kind = deployment): ReturnType<typeof check> =>
  check(kind, { metadata });

describe("names", () => {
  it("stay as they are, and kind and version are filled in", () => {
    const metadata = { name: "mine", namespace: "shop" };
    expect(run(metadata)).toMatchObject({ inputs: { ...deployment, metadata }, failures: [] });
  });

  it.each<[string, JsonObject]>([
    ["missing", {}],
    ["missing", { generateName: "a-" }],
    ["not a name", { name: "a/b" }],
    ["not a name", { name: "" }],
    ["not a name", { name: ".." }],
    ["must be text", { name: 1 }],
  ])("are refused: %s %j", (reason, metadata) => {
    expect(run(metadata).failures).toMatchObject([
      { property: "metadata.name", reason: expect.stringContaining(reason) as string },
    ]);
  });

  it("may be unknown, alone or with all metadata", () => {
    expect(run({ name: UNKNOWN }).failures).toEqual([]);
    expect(run(UNKNOWN)).toMatchObject({ inputs: { metadata: UNKNOWN }, failures: [] });
  });
});

describe("namespaces", () => {
  it.each([
    [deployment, { name: "a", namespace: "default" }],
    [{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" }, { name: "a" }],
    [{ apiVersion: "traefik.io/v1alpha1", kind: "Middleware" }, { name: "a" }],
  ])("are filled in where the kind has one: %j", (kind, metadata) => {
    expect(run({ name: "a" }, kind).inputs["metadata"]).toEqual(metadata);
  });

  it("are refused for cluster-scoped kinds", () => {
    const { failures } = run(
      { name: "a", namespace: "b" },
      { apiVersion: "v1", kind: "Namespace" },
    );
    expect(failures).toMatchObject([{ property: "metadata.namespace" }]);
  });
});

describe("other fields", () => {
  it("must agree with the type", () => {
    const news = { kind: "Pod", apiVersion: "apps/v1", metadata: { name: "a" } };
    expect(check(deployment, news).failures).toMatchObject([{ property: "kind" }]);
  });

  it.each(["waitFor", "timeoutSeconds", "patchFieldManager", "deletionPropagationPolicy"])(
    "refuse the annotation pulumi.com/%s by name",
    (name) => {
      const annotations = { [`pulumi.com/${name}`]: "60", "pulumi.com/skipAwait": "true" };
      expect(run({ name: "a", annotations }).failures).toMatchObject([
        { reason: expect.stringContaining(`${name} is not supported`) as string },
      ]);
    },
  );
});
