/** The policy that pods fit the level of the Pod Security Standards that their namespace enforces. */
import { containersOf, podOf } from "./pod.ts";
import type { Declared, StackPolicy } from "./policy.ts";
import { at, listAt, textAt, textsAt } from "./values.ts";

const NAMESPACE = "kubernetes:core/v1:Namespace";
const ENFORCE = "pod-security.kubernetes.io/enforce";
const PATH = ["metadata", "labels", ENFORCE] as const;

/** What a pod does that a level does not allow. */
type Rule = (pod: unknown) => readonly string[];

/** Capabilities that the level `baseline` lets containers add (the standards' own list). */
const ORDINARY = [
  ...["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"],
  ...["NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"],
];

/** Kinds of volumes that hold nothing of the node's. */
const OWN_VOLUMES = [
  ...["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim"],
  ...["projected", "secret"],
];

const context = (container: unknown, path: string): unknown =>
  at(container, `securityContext.${path}`);

/** Each container that a question is true of, as `container <name> <words>`. */
function containers(words: string, fails: (container: unknown, pod: unknown) => boolean): Rule {
  return (pod) =>
    containersOf(pod)
      .filter((container) => fails(container, pod))
      .map((container) => `container ${textAt(container, "name") ?? "without a name"} ${words}`);
}

/** What the container says, or else its pod. */
const effective = (container: unknown, pod: unknown, path: string): unknown =>
  context(container, path) ?? at(pod, `securityContext.${path}`);

const BASELINE: readonly Rule[] = [
  (pod) =>
    ["hostNetwork", "hostPID", "hostIPC"]
      .filter((key) => at(pod, key) === true)
      .map((key) => `has ${key}`),
  (pod) =>
    listAt(pod, "volumes")
      .filter((volume) => at(volume, "hostPath") !== undefined)
      .map((volume) => `volume ${textAt(volume, "name") ?? ""} is a hostPath`),
  containers("has a hostPort", (container) =>
    listAt(container, "ports").some((port) => (at(port, "hostPort") ?? 0) !== 0),
  ),
  containers("is privileged", (container) => context(container, "privileged") === true),
  containers("adds capabilities", (container) =>
    textsAt(container, "securityContext.capabilities.add").some((name) => !ORDINARY.includes(name)),
  ),
  containers(
    "has another procMount",
    (container) => (context(container, "procMount") ?? "Default") !== "Default",
  ),
  containers(
    "is Unconfined",
    (container, pod) => effective(container, pod, "seccompProfile.type") === "Unconfined",
  ),
];

const RESTRICTED: readonly Rule[] = [
  ...BASELINE,
  (pod) =>
    listAt(pod, "volumes")
      .filter(
        (volume) =>
          !Object.keys(volume ?? {}).some((kind) => OWN_VOLUMES.includes(kind)) &&
          at(volume, "hostPath") === undefined,
      )
      .map((volume) => `volume ${textAt(volume, "name") ?? ""} is of a kind that is not allowed`),
  containers(
    "may gain privileges (allowPrivilegeEscalation)",
    (container) => context(container, "allowPrivilegeEscalation") !== false,
  ),
  containers(
    "may be root (runAsNonRoot, runAsUser)",
    (container, pod) =>
      effective(container, pod, "runAsNonRoot") !== true ||
      effective(container, pod, "runAsUser") === 0,
  ),
  containers(
    "has no seccompProfile",
    (container, pod) =>
      !["RuntimeDefault", "Localhost"].includes(
        String(effective(container, pod, "seccompProfile.type")),
      ),
  ),
  containers(
    "keeps capabilities (capabilities.drop: [ALL])",
    (container) => !textsAt(container, "securityContext.capabilities.drop").includes("ALL"),
  ),
  containers("adds a capability", (container) =>
    textsAt(container, "securityContext.capabilities.add").some(
      (name) => name !== "NET_BIND_SERVICE" && ORDINARY.includes(name),
    ),
  ),
];

const LEVELS: Readonly<Record<string, readonly Rule[]>> = {
  privileged: [],
  baseline: BASELINE,
  restricted: RESTRICTED,
};

/**
 * Every namespace that a stack declares names a level, and its pods do what that allows: the API server would refuse
 * them, in the middle of an update. Pods of a namespace that a preview cannot know yet are left to the plan.
 */
export const podsFitTheirNamespace: StackPolicy = {
  name: "pods-fit-their-namespace",
  description: "Namespaces enforce a level of the Pod Security Standards, and their pods fit it.",
  check: (resources) => {
    const namespaces = resources.filter(({ type }) => type === NAMESPACE);
    const levels = new Map(
      namespaces.map((each) => [textAt(each.inputs, "metadata.name") ?? "", levelOf(each)]),
    );
    return [
      ...namespaces.flatMap((each) => unnamed(each)),
      ...resources.flatMap((resource) => {
        const namespace = textAt(resource.inputs, "metadata.namespace") ?? "";
        const level = levels.get(namespace) ?? "privileged";
        const pod = podOf(resource);
        const found = pod === undefined ? [] : (LEVELS[level] ?? []).flatMap((rule) => rule(pod));
        return found.map((what) => ({
          name: resource.name,
          message:
            `its pod ${what}, which the namespace ${namespace} (${level}) does not allow; give the pod less, ` +
            "or say in the app's definition what it needs (podSecurity)",
        }));
      }),
    ];
  },
};

function levelOf({ inputs }: Declared): string | undefined {
  const label = PATH.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Record<string, unknown>)[key]
        : undefined,
    inputs,
  );
  return typeof label === "string" ? label : undefined;
}

function unnamed(namespace: Declared): { name: string; message: string }[] {
  const level = levelOf(namespace);
  return level !== undefined && level in LEVELS
    ? []
    : [
        {
          name: namespace.name,
          message:
            `namespace ${textAt(namespace.inputs, "metadata.name") ?? namespace.name} enforces no level of the Pod ` +
            `Security Standards; label it ${ENFORCE}: restricted (apps/pod-security.ts)`,
        },
      ];
}
