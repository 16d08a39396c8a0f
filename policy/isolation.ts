/** The policy of who may talk to whom in the cluster. */
import type { Declared, StackPolicy } from "./policy.ts";
import { at, listAt, textAt, textsAt } from "./values.ts";

/**
 * Every namespace that a stack declares has a NetworkPolicy that selects all of its pods and allows
 * nothing. One whose namespace a preview cannot know yet counts for one namespace that has none.
 */
export const namespacesDenyByDefault: StackPolicy = {
  name: "namespaces-deny-by-default",
  description:
    "Pods of a namespace take part in the connections that a NetworkPolicy allows alone.",
  check: (resources) => {
    const denied = resources
      .filter((resource) => deniesAll(resource))
      .map(({ inputs }) => textAt(inputs, "metadata.namespace"));
    const open = resources.filter(
      ({ type, inputs }) =>
        type === "kubernetes:core/v1:Namespace" && !denied.includes(nameOf(inputs)),
    );
    const unknown = denied.filter((namespace) => namespace === undefined).length;
    return open.slice(unknown).map(({ name, inputs }) => ({
      name,
      message:
        `namespace ${nameOf(inputs) ?? name} lets its pods talk to everyone; add a NetworkPolicy to it ` +
        "that selects all pods, has both policyTypes and no rule (apps/isolation.ts: denyByDefault)",
    }));
  },
};

function nameOf(inputs: unknown): string | undefined {
  return textAt(inputs, "metadata.name");
}

function deniesAll({ type, inputs }: Declared): boolean {
  const selector = at(inputs, "spec.podSelector");
  const types = textsAt(inputs, "spec.policyTypes");
  return (
    type === "kubernetes:networking.k8s.io/v1:NetworkPolicy" &&
    typeof selector === "object" &&
    selector !== null &&
    Object.keys(selector).length === 0 &&
    ["Ingress", "Egress"].every((direction) => types.includes(direction)) &&
    ["ingress", "egress"].every((rules) => listAt(inputs, `spec.${rules}`).length === 0)
  );
}
