/** What the checks of the CIS benchmark look at: facts of machines and of the cluster, and how they are read. Pure. */

/** A file of a machine. */
export interface FileFact {
  readonly path: string;
  /** Its mode's nine bits. */
  readonly mode: number;
  /** `user:group`. */
  readonly owner: string;
}

/** Parts of Kubernetes that K3s runs. */
export type Part =
  "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kubelet" | "kube-proxy";

/** Arguments of a part by name, without dashes. */
export type Arguments = Readonly<Record<string, string>>;

/** One node, as `gather.sh` and its kubelet tell of it. */
export interface NodeFacts {
  readonly name: string;
  readonly role: "server" | "agent";
  /** Whether the container runtime is the one that K3s brings. */
  readonly bundled: boolean;
  readonly datastore?: "sqlite" | "etcd";
  /** A part that the journal has lost is missing. */
  readonly arguments: Readonly<Partial<Record<Part, Arguments>>>;
  readonly files: readonly FileFact[];
  /** What encrypts Secrets, the one that writes first; undefined without a configuration. */
  readonly providers?: readonly string[];
  /** Text of the audit policy. */
  readonly audit?: string;
  /** Whether network policies are disabled. */
  readonly open: boolean;
  /** Configuration that its kubelet runs with; undefined where it did not answer. */
  readonly kubelet?: unknown;
}

/** Objects of the cluster as kubectl prints them. */
export interface ClusterFacts {
  readonly clusterRoles: readonly unknown[];
  readonly roles: readonly unknown[];
  readonly clusterRoleBindings: readonly unknown[];
  readonly roleBindings: readonly unknown[];
  readonly serviceAccounts: readonly unknown[];
  readonly namespaces: readonly unknown[];
  readonly pods: readonly unknown[];
  readonly services: readonly unknown[];
  readonly networkPolicies: readonly unknown[];
  /** Names of bootstrap tokens. */
  readonly bootstrapTokens: readonly string[];
}

export interface Facts {
  readonly nodes: readonly NodeFacts[];
  readonly cluster: ClusterFacts;
}

/**
 * Reads what `gather.sh` printed on a machine.
 *
 * @param kubelet configuration that the node's kubelet runs with
 * @throws RangeError where it printed something else
 */
export function readNode(name: string, text: string, kubelet?: unknown): NodeFacts {
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
  const value = (word: string): string | undefined => lines.find(([first]) => first === word)?.[1];
  const role = value("role");
  if (role !== "server" && role !== "agent") {
    throw new RangeError(
      `${name}: gather.sh did not say which role the node has: ${text.slice(0, 200)}`,
    );
  }
  const datastore = value("datastore");
  const providers = value("providers");
  const audit = value("audit");
  return {
    name,
    role,
    bundled: value("bundled") === "yes",
    ...(datastore === "sqlite" || datastore === "etcd" ? { datastore } : {}),
    arguments: Object.fromEntries(
      lines
        .filter(([word]) => word === "arguments")
        .map(([, part = "", given = ""]) => [part, readArguments(given)]),
    ),
    files: lines
      .filter(([word]) => word === "file")
      .map(([, path = "", mode = "", owner = ""]) => ({ path, mode: parseInt(mode, 8), owner })),
    ...(providers === undefined ? {} : { providers: providers.split(",") }),
    ...(audit === undefined ? {} : { audit: Buffer.from(audit, "base64").toString() }),
    open: value("open") === "yes",
    ...(kubelet === undefined ? {} : { kubelet }),
  };
}

/** `--name=value` of a line of K3s' journal, whose end may be a quote. */
export function readArguments(line: string): Arguments {
  const found = line.matchAll(/--([a-z0-9-]+)(?:=("[^"]*"|\S*))?/g);
  return Object.fromEntries(
    [...found].map(([, name = "", value = "true"]) => [name, value.replaceAll(/^"|["\\]+$/g, "")]),
  );
}
