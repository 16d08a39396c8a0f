import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import {
  manifest,
  merged,
  outputsOf,
  previewOutputs,
  readable,
  refOf,
  refreshedInputs,
} from "./state.ts";

const service = { apiVersion: "v1", kind: "Service" };
const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
const secret = { apiVersion: "v1", kind: "Secret" };

describe("manifest", () => {
  it("leaves status and bookkeeping out", () => {
    const inputs = { metadata: { name: "a" }, spec: { x: 1 }, status: {}, __fieldManager: "m" };
    expect(manifest(inputs, refOf(service, "ns/a"))).toEqual({
      ...service,
      metadata: { name: "a", namespace: "ns" },
      spec: { x: 1 },
    });
  });

  it("writes a Secret's texts as data, so that each entry has an owner", () => {
    const inputs = { data: { a: "eA==", b: "old" }, stringData: { b: "text" } };
    expect(manifest(inputs, refOf(secret, "ns/a"))).toMatchObject({
      data: { a: "eA==", b: "dGV4dA==" },
    });
  });

  it("gives extension fields of a definition their real names, and takes them back", () => {
    const schema = { x_kubernetes_preserve_unknown_fields: true, a_b: 1 };
    const applied = manifest({ spec: { schema } }, refOf(definition, "a"));
    expect(applied["spec"]).toEqual({
      schema: { "x-kubernetes-preserve-unknown-fields": true, a_b: 1 },
    });
    expect(outputsOf(applied, definition, "m")["spec"]).toEqual({ schema });
  });
});

describe("previewOutputs", () => {
  it("marks what the server will choose", () => {
    const inputs = { metadata: { name: "a" }, spec: { ports: [] } };
    expect(previewOutputs(inputs, inputs, service)).toMatchObject({
      metadata: { name: "a", uid: UNKNOWN },
      spec: { clusterIP: UNKNOWN, ports: [] },
      status: UNKNOWN,
    });
  });

  it("keeps what the program declares, and what has no address", () => {
    const headless = { metadata: {}, spec: { clusterIP: "None" } };
    expect(previewOutputs(headless, headless, service)["spec"]).toEqual({ clusterIP: "None" });
    const external = { metadata: {}, spec: { type: "ExternalName" } };
    expect(previewOutputs(external, external, service)["spec"]).toEqual(external.spec);
    const map = { apiVersion: "v1", kind: "ConfigMap" };
    expect(previewOutputs({ metadata: {} }, {}, map)["status"]).toBeUndefined();
  });
});

describe("refreshedInputs", () => {
  it("keeps another spelling of the same value", () => {
    const old = { cpu: "0.5", list: [{ name: "a", memory: "1024Mi" }] };
    const server = { cpu: "500m", list: [{ name: "a", memory: "1Gi", extra: true }], other: 1 };
    expect(refreshedInputs(old, server, server)).toEqual(old);
  });

  it("takes a drifted value, and a removed field away", () => {
    const old = { a: 1, b: 2, c: { d: 3 } };
    expect(refreshedInputs(old, old, { a: 9, c: { d: 3, e: 4 } })).toEqual({ a: 9, c: { d: 3 } });
  });

  it("finds the items of a list by name when others were put in between", () => {
    const old = [{ name: "app", image: "a" }];
    const live = [
      { name: "sidecar", image: "s" },
      { name: "app", image: "b" },
    ];
    expect(refreshedInputs(old, old, live)).toEqual([{ name: "app", image: "b" }]);
  });

  it("sees drift of a Secret through either spelling", () => {
    const live = readable({ data: { a: "dGV4dA==" } }, secret);
    expect(
      refreshedInputs({ stringData: { a: "old" } }, { stringData: { a: "old" } }, live),
    ).toEqual({
      stringData: { a: "text" },
    });
  });
});

it("merged replaces everything but objects", () => {
  expect(merged({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] } })).toEqual({
    a: { b: 1, c: [3] },
    d: 1,
  });
});
