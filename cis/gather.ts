/** Gathers facts of a running cluster: objects by kubectl, files and arguments by `gather.sh` on each machine. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { readNode, type Facts, type NodeFacts } from "./facts.ts";
import { textAt } from "./rules.ts";

/** How a cluster is asked. */
export interface Access {
  /** What kubectl prints. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** What a script prints that runs as root on a node's machine. */
  readonly run: (node: string, script: string) => Promise<string>;
}

const SCRIPT = join(import.meta.dirname, "gather.sh");

/** Kinds of objects by what facts call them. */
const KINDS = {
  clusterRoles: "clusterroles",
  roles: "roles",
  clusterRoleBindings: "clusterrolebindings",
  roleBindings: "rolebindings",
  serviceAccounts: "serviceaccounts",
  namespaces: "namespaces",
  pods: "pods",
  services: "services",
  networkPolicies: "networkpolicies",
} as const;

/**
 * Looks at the cluster and all of its machines; changes nothing, and reads no Secret.
 *
 * @throws Error of whoever could not be asked
 */
export async function gather(access: Access): Promise<Facts> {
  const list = async (kind: string): Promise<readonly unknown[]> => {
    const text = await access.kubectl("get", kind, "--all-namespaces", "--output=json");
    return (JSON.parse(text) as { readonly items: readonly unknown[] }).items;
  };
  const [nodes, bootstrapTokens, ...objects] = await Promise.all([
    list("nodes"),
    access.kubectl(
      ...["get", "secrets", "--all-namespaces", "--output=name"],
      "--field-selector=type=bootstrap.kubernetes.io/token",
    ),
    ...Object.values(KINDS).map(list),
  ]);
  return {
    nodes: await Promise.all(nodes.map((node) => nodeFacts(access, textAt(node, "metadata.name")))),
    cluster: {
      ...(Object.fromEntries(
        Object.keys(KINDS).map((name, index) => [name, objects[index] ?? []]),
      ) as Record<keyof typeof KINDS, readonly unknown[]>),
      bootstrapTokens: bootstrapTokens.split("\n").filter((line) => line !== ""),
    },
  };
}

async function nodeFacts({ kubectl, run }: Access, name: string): Promise<NodeFacts> {
  const [text, answer] = await Promise.all([
    run(name, readFileSync(SCRIPT, "utf8")),
    // The configuration that its kubelet runs with, whatever files and arguments it came from.
    kubectl("get", "--raw", `/api/v1/nodes/${name}/proxy/configz`),
  ]);
  const { kubeletconfig } = JSON.parse(answer) as { readonly kubeletconfig?: unknown };
  return readNode(name, text, kubeletconfig);
}
