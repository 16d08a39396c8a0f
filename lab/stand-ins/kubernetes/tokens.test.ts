import { describe, expect, it } from "vitest";

import { hasStatus, isNamespaced, parseToken } from "./tokens.ts";

describe("parseToken", () => {
  it.each([
    ["kubernetes:core/v1:Namespace", "v1", "Namespace"],
    ["kubernetes:apps/v1:Deployment", "apps/v1", "Deployment"],
    [
      "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
      "autoscaling/v2",
      "HorizontalPodAutoscaler",
    ],
    ["kubernetes:rbac.authorization.k8s.io/v1:Role", "rbac.authorization.k8s.io/v1", "Role"],
    ["kubernetes:traefik.io/v1alpha1:Middleware", "traefik.io/v1alpha1", "Middleware"],
    ["kubernetes:helm.cattle.io/v1:HelmChart", "helm.cattle.io/v1", "HelmChart"],
    ["kubernetes:example.com/v1:GuestList", "example.com/v1", "GuestList"],
    ["kubernetes:core/v1:PersistentVolumeClaim", "v1", "PersistentVolumeClaim"],
  ])("%s", (token, apiVersion, kind) => {
    expect(parseToken(token)).toEqual({ apiVersion, kind });
  });

  it.each([
    "kubernetes:core/v1:ConfigMapPatch",
    "kubernetes:core/v1:PodList",
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:helm.sh/v4:Chart",
    "kubernetes:yaml/v2:ConfigGroup",
    "kubernetes:yaml:ConfigFile",
    "kubernetes:kustomize/v2:Directory",
    "kubernetes:meta/v1:Status",
    "kubernetes:core/v1:Pod",
    "kubernetes:core/v1:PersistentVolume",
    "kubernetes:apps/v1:ReplicaSet",
    "azure-native:network:Subnet",
  ])("refuses %s by name", (token) => {
    expect(() => parseToken(token)).toThrow(token);
  });
});

describe("kinds", () => {
  it("have a scope, or leave it to the cluster", () => {
    expect(isNamespaced({ apiVersion: "v1", kind: "Service" })).toBe(true);
    expect(isNamespaced({ apiVersion: "storage.k8s.io/v1", kind: "StorageClass" })).toBe(false);
    const gateway = { apiVersion: "gateway.networking.k8s.io/v1", kind: "GatewayClass" };
    expect(isNamespaced(gateway)).toBeUndefined();
  });

  it("have a status, or not", () => {
    expect(hasStatus({ apiVersion: "apps/v1", kind: "Deployment" })).toBe(true);
    expect(hasStatus({ apiVersion: "v1", kind: "ConfigMap" })).toBe(false);
  });
});
