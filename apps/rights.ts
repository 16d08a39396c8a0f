/** Rights of an app's service account: some all over the cluster, others in single namespaces. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

type Rule = k8s.types.input.rbac.v1.PolicyRule;

export interface RightsArgs {
  readonly account: k8s.core.v1.ServiceAccount;
  /** What it may do everywhere. */
  readonly everywhere: readonly Rule[];
  /** What it may do besides in each of `namespaces`. */
  readonly inNamespaces: readonly Rule[];
  readonly namespaces: readonly pulumi.Input<string>[];
}

/** What a program that only follows objects needs. */
export const WATCH = ["get", "list", "watch"];

const apiGroup = "rbac.authorization.k8s.io";

/**
 * Grants rights.
 *
 * @param name of the app, which its roles and bindings are called by
 * @returns what has to be there before the app runs
 */
export function grant(
  name: string,
  { account, everywhere, inNamespaces, namespaces }: RightsArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const subjects = [
    {
      kind: "ServiceAccount",
      name: account.metadata.name,
      namespace: account.metadata.namespace,
    },
  ];
  const called = account.metadata.name;
  const role = new k8s.rbac.v1.ClusterRole(
    `${name}-cluster-role`,
    { metadata: { name: called }, rules: [...everywhere] },
    opts,
  );
  const binding = new k8s.rbac.v1.ClusterRoleBinding(
    `${name}-cluster-binding`,
    {
      metadata: { name: called },
      roleRef: { apiGroup, kind: "ClusterRole", name: role.metadata.name },
      subjects,
    },
    opts,
  );
  const bindings = namespaces.map((namespace, index) => {
    const metadata = { name: called, namespace };
    const own = new k8s.rbac.v1.Role(
      `${name}-role-${index}`,
      { metadata, rules: [...inNamespaces] },
      opts,
    );
    return new k8s.rbac.v1.RoleBinding(
      `${name}-binding-${index}`,
      { metadata, roleRef: { apiGroup, kind: "Role", name: own.metadata.name }, subjects },
      opts,
    );
  });
  return [binding, ...bindings];
}
