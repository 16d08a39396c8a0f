import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import { describe, expect, it } from "vitest";

import { DENY_ALL } from "../apps/network-policy.ts";
import { namespacesDenyByDefault } from "./isolation.ts";
import type { Declared } from "./policy.ts";

function declared(type: string, name: string, inputs: Record<string, unknown>): Declared {
  return { urn: `urn:pulumi:dev::fogline::${type}::${name}`, type, name, inputs };
}

function namespace(name: string): Declared {
  return declared("kubernetes:core/v1:Namespace", `${name}-namespace`, { metadata: { name } });
}

function policy(namespace: string, spec: object): Declared {
  const type = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
  return declared(type, `${namespace}-policy`, { metadata: { namespace }, spec: { ...spec } });
}

const deny = { ...DENY_ALL };
const found = (...resources: Declared[]): string[] =>
  namespacesDenyByDefault.check(resources).map(({ name }) => name);

describe("namespaces-deny-by-default", () => {
  it("lets a namespace pass that has what denies all", () => {
    expect(found(namespace("a"), policy("a", deny))).toEqual([]);
  });

  it.each([
    ["no policy", []],
    ["another namespace's policy alone", [policy("b", deny)]],
    [
      "a policy for some pods",
      [policy("a", { ...deny, podSelector: { matchLabels: { x: "y" } } })],
    ],
    ["a policy of one direction", [policy("a", { ...deny, policyTypes: ["Ingress"] })]],
    ["a policy with a rule", [policy("a", { ...deny, ingress: [{}] })]],
  ])("finds one with %s", (_, policies) => {
    expect(found(namespace("a"), ...policies)).toEqual(["a-namespace"]);
  });

  it("takes a policy whose namespace is not known yet for one of them", () => {
    expect(found(namespace("a"), policy(UNKNOWN, deny))).toEqual([]);
    expect(found(namespace("a"), namespace("b"), policy(UNKNOWN, deny))).toHaveLength(1);
  });

  it("asks nothing of stacks without namespaces", () => {
    expect(found(policy("a", deny))).toEqual([]);
  });
});
