/** Policies of Kubernetes objects as such: whose they are, and under which name. */
import type { Declared, StackPolicy } from "./policy.ts";
import { textAt } from "./values.ts";

/** Kinds whose objects lie in no namespace, as far as programs here declare any. */
const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  ...["Namespace", "ClusterRole", "ClusterRoleBinding", "IngressClass", "StorageClass"],
  ...["PriorityClass", "PersistentVolume", "CustomResourceDefinition", "RuntimeClass"],
]);

/**
 * What tells an object of the cluster from any other, whatever its resource is called in the program:
 * group, kind, namespace and name. Undefined for anything else, and where a name is not known yet.
 */
export function objectOf({ type, inputs }: Pick<Declared, "type" | "inputs">): string | undefined {
  const name = textAt(inputs, "metadata.name");
  const [provider, group = "", kind = ""] = type.split(":");
  if (provider !== "kubernetes" || name === undefined) {
    return undefined;
  }
  const namespace = textAt(inputs, "metadata.namespace");
  const place = namespace === undefined ? name : `${namespace}/${name}`;
  return `${group.split("/")[0] ?? ""} ${kind} ${place}`;
}

/**
 * The provider takes over whatever has the name of an object that it creates. So nothing may be
 * declared in a namespace of others, nor anything twice.
 */
export const objectsHaveOneOwner: StackPolicy = {
  name: "objects-have-one-owner",
  description: "Kubernetes objects lie in namespaces of the stack, each declared once.",
  check: (resources) => [...outside(resources), ...twice(resources)],
};

function outside(resources: readonly Declared[]): { name: string; message: string }[] {
  const own = new Set(
    resources
      .filter(({ type }) => type === "kubernetes:core/v1:Namespace")
      .map(({ inputs }) => textAt(inputs, "metadata.name")),
  );
  return resources
    .filter((resource) => objectOf(resource) !== undefined)
    .filter(({ type }) => !CLUSTER_WIDE.has(type.split(":")[2] ?? ""))
    .map(({ name, inputs }) => ({ name, namespace: textAt(inputs, "metadata.namespace") }))
    .filter(({ namespace }) => !own.has(namespace))
    .map(({ name, namespace }) => ({
      name,
      message: `it lies in ${namespace ?? "no namespace"}, which is none of the stack's; set metadata.namespace to one that the program declares`,
    }));
}

function twice(resources: readonly Declared[]): { name: string; message: string }[] {
  const first = new Map<string, string>();
  return resources.flatMap((resource) => {
    const object = objectOf(resource);
    const other = object === undefined ? undefined : first.get(object);
    if (object === undefined || other === undefined) {
      first.set(object ?? "", resource.name);
      return [];
    }
    return [
      {
        name: resource.name,
        message: `${other} declares the same object (${object}): give one of them another metadata.name`,
      },
    ];
  });
}
