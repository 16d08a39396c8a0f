/** Chapter 5 of the benchmark: rights, pods, connections and Secrets in the cluster. */
import type { Facts } from "./facts.ts";
import { always, at, listAt, pass, textAt, unless, type Check, type Outcome } from "./rules.ts";

/** Where the cluster's own parts run; what they may do, K3s decides. */
const SYSTEM = "kube-system";
/** The one namespace of ours whose pods have the ports of their nodes. */
const NODE_PORTS = "ingress";

const nameOf = (object: unknown): string => textAt(object, "metadata.name");
const namespaceOf = (object: unknown): string => textAt(object, "metadata.namespace");
const called = (object: unknown): string =>
  [namespaceOf(object), nameOf(object)].filter((part) => part !== "").join("/");

/** Roles of Kubernetes and K3s, which are bound to their own parts. */
const THEIRS =
  /^(system:|k3s-|local-path-provisioner|cluster-admin$|clustercidrs|kube-apiserver-kubelet-admin$|metrics-server)/;

const own = (objects: readonly unknown[]): readonly unknown[] =>
  objects.filter((object) => !THEIRS.test(nameOf(object)) && namespaceOf(object) !== SYSTEM);

/** Pods of ours and of others, without those of the system. */
const pods = ({ cluster }: Facts): readonly unknown[] =>
  cluster.pods.filter((pod) => namespaceOf(pod) !== SYSTEM);

const containers = (pod: unknown): readonly unknown[] =>
  ["spec.initContainers", "spec.containers"].flatMap((path) => listAt(pod, path));

/** Bindings over the whole cluster whose role allows one of some verbs on a resource. */
function grants(facts: Facts, verbs: readonly string[], group: string, resource: string): string[] {
  const { clusterRoleBindings, clusterRoles } = facts.cluster;
  const covers = (role: unknown): boolean =>
    listAt(role, "rules").some((rule) => {
      const entry = (path: string, ...any: readonly string[]): boolean =>
        listAt(rule, path).some((each) => each === "*" || any.includes(String(each)));
      return entry("verbs", ...verbs) && entry("apiGroups", group) && entry("resources", resource);
    });
  return own(clusterRoleBindings)
    .filter((binding) => {
      const role = textAt(binding, "roleRef.name");
      return clusterRoles.some((each) => nameOf(each) === role && covers(each));
    })
    .map((binding) => `${nameOf(binding)} lets its subjects do that everywhere`);
}

const minimal =
  (verbs: readonly string[], group: string, resource: string) =>
  (facts: Facts): Outcome =>
    unless(
      grants(facts, verbs, group, resource),
      "no binding over the whole cluster, but those of Kubernetes and K3s, allows it",
    );

/** Namespaces that hold pods, each with the level that it enforces; the system's is K3s' own. */
function levels(facts: Facts): { readonly name: string; readonly level: string }[] {
  return [...new Set(pods(facts).map(namespaceOf))].map((name) => {
    const namespace = facts.cluster.namespaces.find((each) => nameOf(each) === name);
    const labels = at(namespace, "metadata.labels") as Record<string, string> | undefined;
    return { name, level: labels?.["pod-security.kubernetes.io/enforce"] ?? "none" };
  });
}

/** Whether pods of every namespace that holds some are refused from a level on. */
const refused =
  (least: "baseline" | "restricted") =>
  (facts: Facts): Outcome => {
    const enough = least === "baseline" ? ["baseline", "restricted"] : ["restricted"];
    const wrong = levels(facts).filter(
      ({ name, level }) => name !== NODE_PORTS && !enough.includes(level),
    );
    return unless(
      wrong.map(({ name, level }) => `namespace ${name} enforces ${level}; label it ${least}`),
      `refused by ${least} in every namespace with pods, but ${SYSTEM} and ${NODE_PORTS}, whose pods have the ports of their nodes`,
    );
  };

const RIGHTS: readonly Check[] = [
  {
    id: "5.1.1",
    title: "Nobody is the cluster's administrator without need",
    look: ({ cluster }) =>
      unless(
        cluster.clusterRoleBindings
          .filter(
            (binding) =>
              textAt(binding, "roleRef.name") === "cluster-admin" &&
              !/^(cluster-admin|helm-kube-system-traefik(-crd)?)$/.test(nameOf(binding)),
          )
          .map((binding) => `${nameOf(binding)} makes its subjects administrators`),
        "no binding but Kubernetes' own",
      ),
  },
  {
    id: "5.1.2",
    title: "Few read Secrets",
    look: minimal(["get", "list", "watch"], "", "secrets"),
  },
  {
    id: "5.1.3",
    title: "Roles name what they allow",
    look: ({ cluster }) =>
      unless(
        [...own(cluster.clusterRoles), ...own(cluster.roles)]
          .filter((role) =>
            listAt(role, "rules").some((rule) =>
              ["verbs", "apiGroups", "resources"].some((path) => listAt(rule, path).includes("*")),
            ),
          )
          .map((role) => `${called(role)} allows *`),
        "no role but those of Kubernetes and K3s allows *",
      ),
  },
  { id: "5.1.4", title: "Few make pods", look: minimal(["create"], "", "pods") },
  {
    id: "5.1.5",
    title: "The accounts that every namespace has are not used",
    look: defaultAccounts,
  },
  { id: "5.1.6", title: "Pods get a token where they need one", look: tokens },
  {
    id: "5.1.7",
    title: "Nobody is in the group that no role binds",
    look: always(
      "ACCEPTED",
      "K3s' certificate of the administrator is in system:masters; nothing else of the stack is, and no role can take it",
    ),
  },
  {
    id: "5.1.8",
    title: "Few bind, impersonate or escalate",
    look: (facts) =>
      unless(
        [
          ...grants(facts, ["bind", "escalate"], "rbac.authorization.k8s.io", "clusterroles"),
          ...grants(facts, ["bind", "escalate"], "rbac.authorization.k8s.io", "roles"),
          ...["users", "groups", "serviceaccounts"].flatMap((resource) =>
            grants(facts, ["impersonate"], "", resource),
          ),
        ],
        "no binding over the whole cluster, but those of Kubernetes and K3s, allows it",
      ),
  },
  {
    id: "5.1.9",
    title: "Few make volumes of the cluster",
    look: minimal(["create"], "", "persistentvolumes"),
  },
  {
    id: "5.1.10",
    title: "Few reach kubelets through the API",
    look: minimal(["get", "create", "update", "patch", "delete"], "", "nodes/proxy"),
  },
  {
    id: "5.1.11",
    title: "Few approve certificates",
    look: minimal(
      ["update", "patch"],
      "certificates.k8s.io",
      "certificatesigningrequests/approval",
    ),
  },
  {
    id: "5.1.12",
    title: "Few change what is asked of every request",
    look: (facts) =>
      unless(
        ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"].flatMap((resource) =>
          grants(
            facts,
            ["create", "update", "patch", "delete"],
            "admissionregistration.k8s.io",
            resource,
          ),
        ),
        "no binding over the whole cluster, but those of Kubernetes and K3s, allows it",
      ),
  },
  {
    id: "5.1.13",
    title: "Few make tokens",
    look: minimal(["create"], "", "serviceaccounts/token"),
  },
];

const LEVELS: readonly (readonly [string, "baseline" | "restricted"])[] = [
  ["Namespaces refuse pods that do too much", "baseline"],
  ["No container is privileged", "baseline"],
  ["No container sees the node's processes", "baseline"],
  ["No container sees the node's memory", "baseline"],
  ["No container has the node's network", "baseline"],
  ["No container gains privileges", "restricted"],
  ["No container is root", "restricted"],
  ["No container makes raw packets", "restricted"],
  ["No container has more capabilities than containers have", "baseline"],
  ["No container has a capability that it does not need", "restricted"],
  ["No container is a process of a Windows node", "baseline"],
  ["No container has files of the node", "baseline"],
  ["No container has a port of the node", "baseline"],
];

const GENERAL: readonly Check[] = [
  {
    id: "5.3.1",
    title: "The network keeps to network policies",
    look: ({ nodes }) =>
      unless(
        nodes
          .filter(({ open }) => open)
          .map(({ name }) => `${name}: disable-network-policy is set`),
        "K3s' controller runs on every node",
      ),
  },
  {
    id: "5.3.2",
    title: "Every namespace has network policies",
    look: (facts) =>
      unless(
        levels(facts)
          .filter(
            ({ name }) => !facts.cluster.networkPolicies.some((each) => namespaceOf(each) === name),
          )
          .map(({ name }) => `namespace ${name} has pods and no NetworkPolicy`),
        `each that has pods, but ${SYSTEM}`,
      ),
  },
  {
    id: "5.4.1",
    title: "Secrets are files, not part of the environment",
    look: (facts) =>
      unless(
        pods(facts)
          .filter((pod) =>
            containers(pod).some(
              (container) =>
                listAt(container, "env").some(
                  (each) => at(each, "valueFrom.secretKeyRef") !== undefined,
                ) ||
                listAt(container, "envFrom").some((each) => at(each, "secretRef") !== undefined),
            ),
          )
          .map((pod) => `${called(pod)} has a Secret in its environment`),
        `no pod but those of ${SYSTEM} has one there`,
      ),
  },
  {
    id: "5.4.2",
    title: "Secrets come from a store outside the cluster",
    look: always(
      "ACCEPTED",
      "the stack's state is that store: encrypted with its passphrase, and the only place that Secrets are made from",
    ),
  },
  {
    id: "5.5.1",
    title: "It is known where images come from",
    look: (facts) =>
      unless(
        pods(facts).flatMap((pod) =>
          containers(pod)
            .filter((container) => !textAt(container, "image").includes("@sha256:"))
            .map(
              (container) => `${called(pod)} runs ${textAt(container, "image")} without a digest`,
            ),
        ),
        "by digest, each; the policy pack refuses any other before it is deployed",
      ),
  },
  {
    id: "5.7.1",
    title: "Namespaces are boundaries",
    look: (facts) => pass(`pods run in ${levels(facts).length} namespaces beside ${SYSTEM}`),
  },
  {
    id: "5.7.2",
    title: "Pods have a seccomp profile",
    look: (facts) =>
      unless(
        pods(facts).flatMap((pod) =>
          containers(pod)
            .filter(
              (container) =>
                !["RuntimeDefault", "Localhost"].includes(
                  textAt(container, "securityContext.seccompProfile.type") ||
                    textAt(pod, "spec.securityContext.seccompProfile.type"),
                ),
            )
            .map(() => `${called(pod)} has no seccompProfile`),
        ),
        `each, but those of ${SYSTEM}`,
      ),
  },
  {
    id: "5.7.3",
    title: "Pods and containers have a security context",
    look: (facts) =>
      unless(
        pods(facts).flatMap((pod) =>
          containers(pod)
            .filter((container) => at(container, "securityContext") === undefined)
            .map((container) => `${called(pod)}: ${textAt(container, "name")} has none`),
        ),
        `each, but those of ${SYSTEM}`,
      ),
  },
  {
    id: "5.7.4",
    title: "Nothing is in the namespace default",
    look: ({ cluster }) =>
      unless(
        [...cluster.pods, ...cluster.services]
          .filter((each) => namespaceOf(each) === "default" && nameOf(each) !== "kubernetes")
          .map((each) => `${called(each)} is there`),
        "nothing but the Service of the API",
      ),
  },
];

/** Chapter 5. */
export const POLICIES: readonly Check[] = [
  ...RIGHTS,
  ...LEVELS.map(([title, level], index) => ({
    id: `5.2.${index + 1}`,
    title,
    look: refused(level),
  })),
  ...GENERAL,
];

const accountOf = (pod: unknown): string => textAt(pod, "spec.serviceAccountName") || "default";

/** Whether a pod has a token: what the pod says, what its account says, and else yes. */
function hasToken(pod: unknown, { cluster }: Facts): boolean {
  const account = cluster.serviceAccounts.find(
    (each) => nameOf(each) === accountOf(pod) && namespaceOf(each) === namespaceOf(pod),
  );
  const said =
    at(pod, "spec.automountServiceAccountToken") ?? at(account, "automountServiceAccountToken");
  return said !== false;
}

/**
 * The accounts `default` are not used: none hands a token to a pod, and no binding names one. Where an account would
 * hand one out but no pod takes it, nothing is used.
 */
function defaultAccounts(facts: Facts): Outcome {
  const { roleBindings, clusterRoleBindings } = facts.cluster;
  const bound = [...roleBindings, ...clusterRoleBindings].filter((binding) =>
    listAt(binding, "subjects").some(
      (subject) =>
        textAt(subject, "kind") === "ServiceAccount" &&
        textAt(subject, "name") === "default" &&
        textAt(subject, "namespace") !== SYSTEM,
    ),
  );
  return unless(
    [
      ...pods(facts)
        .filter((pod) => accountOf(pod) === "default" && hasToken(pod, facts))
        .map((pod) => `${called(pod)} has a token of the account default`),
      ...bound.map((binding) => `${called(binding)} gives rights to an account default`),
    ],
    "no pod has a token of one, and no binding names one",
  );
}

function tokens(facts: Facts): Outcome {
  const used = pods(facts).filter((pod) => hasToken(pod, facts));
  return unless(
    used
      .filter((pod) => accountOf(pod) === "default")
      .map((pod) => `${called(pod)} has a token, and no account of its own that needs one`),
    `${used.length} pods have one, each of an account of its own`,
  );
}
