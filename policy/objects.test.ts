import { expect, it } from "vitest";

import { objectOf, objectsHaveOneOwner } from "./objects.ts";
import type { Declared } from "./policy.ts";

function declared(type: string, name: string, metadata: Record<string, string>): Declared {
  const token = `kubernetes:${type}`;
  return {
    urn: `urn:pulumi:dev::fogline::${token}::${name}`,
    type: token,
    name,
    inputs: { metadata },
  };
}

const NAMESPACE = declared("core/v1:Namespace", "namespace", { name: "website" });

it("lets objects pass that lie in the stack's namespaces or in none", () => {
  const objects = [
    NAMESPACE,
    declared("core/v1:Service", "service", { name: "website", namespace: "website" }),
    declared("apps/v1:Deployment", "deployment", { name: "website", namespace: "website" }),
    declared("rbac.authorization.k8s.io/v1:ClusterRole", "role", { name: "website" }),
  ];
  expect(objectsHaveOneOwner.check(objects)).toEqual([]);
});

it.each([
  ["kube-system", { name: "website", namespace: "kube-system" }],
  ["no namespace", { name: "website" }],
])("finds an object in %s", (place, metadata) => {
  const found = objectsHaveOneOwner.check([NAMESPACE, declared("core/v1:Secret", "it", metadata)]);
  expect(found).toMatchObject([{ name: "it" }]);
  expect(found[0]?.message).toContain(`it lies in ${place}, which is none of the stack's`);
});

it("finds an object that two resources declare", () => {
  const metadata = { name: "website", namespace: "website" };
  const both = ["first", "second"].map((name) => declared("core/v1:Service", name, metadata));
  expect(objectsHaveOneOwner.check([NAMESPACE, ...both])).toMatchObject([
    {
      name: "second",
      message: expect.stringContaining("first declares the same object") as string,
    },
  ]);
});

it("knows an object by what it is in the cluster", () => {
  const service = declared("core/v1:Service", "any", { name: "a", namespace: "b" });
  expect(objectOf(service)).toBe("core Service b/a");
  expect(objectOf({ type: "random:index/randomPet:RandomPet", inputs: {} })).toBeUndefined();
});
