import type { JsonObject } from "@fogline/pulumi-kit/json";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { diff } from "./diff.ts";

const kindOf = (name: string): { apiVersion: string; kind: string } => {
  const parts = name.split("/");
  return { apiVersion: parts.slice(0, -1).join("/"), kind: parts.at(-1) ?? "" };
};
const compare = (
  kind: string,
  old: JsonObject,
  news: JsonObject,
): { changed: string[]; replaces: string[]; deleteBeforeReplace: boolean | undefined } => {
  const { changes, deleteBeforeReplace } = diff(kindOf(kind), old, news);
  return {
    changed: changes.map(({ path, kind: how }) => `${how} ${path}`),
    replaces: changes.filter((change) => change.replaces).map(({ path }) => path),
    deleteBeforeReplace,
  };
};
const named = (spec: JsonObject): JsonObject => ({ metadata: { name: "a", namespace: "b" }, spec });

describe("diff", () => {
  it("names each changed property", () => {
    const old = named({ replicas: 1, ports: [{ port: 80 }, { port: 81 }], gone: true });
    const news = named({ replicas: 2, ports: [{ port: 80 }], "new.key": 1 });
    expect(compare("apps/v1/Deployment", old, news).changed).toEqual([
      "update spec.replicas",
      "delete spec.ports[1]",
      "delete spec.gone",
      'add spec["new.key"]',
    ]);
  });

  it("finds nothing between equal inputs", () => {
    fc.assert(
      fc.property(fc.object(), (value) => {
        const inputs = JSON.parse(JSON.stringify(value)) as JsonObject;
        expect(compare("v1/Service", inputs, structuredClone(inputs)).changed).toEqual([]);
      }),
    );
  });

  it("never looks at what the program does not declare", () => {
    const inputs = named({ template: {} });
    expect(compare("apps/v1/Deployment", inputs, inputs).changed).toEqual([]);
  });
});

describe("replacement", () => {
  it.each<[string, JsonObject, JsonObject, string[]]>([
    ["apps/v1/Deployment", { selector: { a: "1" } }, { selector: { a: "2" } }, ["spec.selector.a"]],
    ["apps/v1/Deployment", { replicas: 1 }, { replicas: 2 }, []],
    ["apps/v1/StatefulSet", { serviceName: "a" }, { serviceName: "b" }, ["spec.serviceName"]],
    ["apps/v1/StatefulSet", { template: { a: 1 } }, { template: { a: 2 } }, []],
    ["batch/v1/Job", { template: { a: 1 } }, { template: { a: 2 } }, ["spec.template.a"]],
    ["batch/v1/Job", { suspend: true }, { suspend: false }, []],
    ["v1/Service", { clusterIP: "None" }, {}, ["spec.clusterIP"]],
    ["v1/Service", { type: "ClusterIP" }, { type: "NodePort" }, []],
    ["v1/Pod", { containers: [{ image: "a" }] }, { containers: [{ image: "b" }] }, []],
    ["v1/Pod", { nodeName: "a" }, { nodeName: "b" }, ["spec.nodeName"]],
    [
      "v1/PersistentVolumeClaim",
      { resources: { requests: { storage: "1Gi" } } },
      { resources: { requests: { storage: "2Gi" } } },
      [],
    ],
    ["v1/PersistentVolumeClaim", { volumeName: "a" }, { volumeName: "b" }, ["spec.volumeName"]],
    [
      "networking.k8s.io/v1/IngressClass",
      { controller: "a" },
      { controller: "b" },
      ["spec.controller"],
    ],
    ["example.com/v1/Selector", { selector: 1 }, { selector: 2 }, []],
  ])("%s %j → %j replaces %j", (kind, old, news, replaces) => {
    expect(compare(kind, named(old), named(news)).replaces).toEqual(replaces);
  });

  it("follows the top-level fields of kinds without a spec", () => {
    const binding = "rbac.authorization.k8s.io/v1/ClusterRoleBinding";
    expect(
      compare(binding, { roleRef: { name: "a" } }, { roleRef: { name: "b" } }).replaces,
    ).toEqual(["roleRef.name"]);
    const old = { parameters: { a: "1" }, allowVolumeExpansion: false };
    const news = { parameters: { a: "2" }, allowVolumeExpansion: true };
    expect(compare("storage.k8s.io/v1/StorageClass", old, news).replaces).toEqual(["parameters.a"]);
  });

  it("is due when name or namespace change, and may then come before the deletion", () => {
    const old = { metadata: { name: "a", namespace: "b" } };
    expect(compare("v1/Service", old, { metadata: { name: "c", namespace: "b" } })).toMatchObject({
      replaces: ["metadata.name"],
      deleteBeforeReplace: false,
    });
  });

  it("deletes first when the name stays", () => {
    const old = { metadata: { name: "a" }, data: { k: "1" } };
    const news = { metadata: { name: "a" }, data: { k: "2" } };
    expect(compare("v1/ConfigMap", old, news)).toMatchObject({
      replaces: ["data.k"],
      deleteBeforeReplace: true,
    });
    expect(compare("v1/Secret", { ...old, type: "a" }, { ...old, type: "b" })).toMatchObject({
      replaces: ["type"],
      deleteBeforeReplace: true,
    });
  });
});
