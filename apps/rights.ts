/** Rights of an app's service account: some all over the cluster, others in single namespaces. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import type { Namespace } from "./app.ts";

type Rule = k8s.types.input.rbac.v1.PolicyRule;

export interface RightsArgs {
  readonly account: k8s.core.v1.ServiceAccount;
  /** What it may do everywhere. */
  readonly everywhere: readonly Rule[];
  /** What it may do besides in each of `namespaces`. */
  readonly inNamespaces: readonly Rule[];
  readonly namespaces: readonly Namespace[];
}

/** What a program that only follows objects needs. */
export const WATCH = ["get", "list", "watch"];

const apiGroup = "rbac.authorization.k8s.io";

/** The namespace that was the only one while roles and bindings had numbers. */
const FIRST = "website";

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
  const bindings = namespaces.map((namespace) => {
    const metadata = { name: called, namespace: namespace.created };
    const formerly = (kind: string): pulumi.CustomResourceOptions =>
      namespace.name === FIRST ? { ...opts, aliases: [{ name: `${name}-${kind}-0` }] } : opts;
    const own = new k8s.rbac.v1.Role(
      `${name}-role-${namespace.name}`,
      { metadata, rules: [...inNamespaces] },
      formerly("role"),
    );
    return new k8s.rbac.v1.RoleBinding(
      `${name}-binding-${namespace.name}`,
      { metadata, roleRef: { apiGroup, kind: "Role", name: own.metadata.name }, subjects },
      formerly("binding"),
    );
  });
  return [binding, ...bindings];
}
