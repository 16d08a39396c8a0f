/** Policies of what runs in the cluster. */
import type { Policy } from "./policy.ts";
import { containersOf, podOf } from "./pod.ts";
import { at, listAt, textAt, textsAt } from "./values.ts";

export const imagesByDigest: Policy = {
  name: "images-by-digest",
  description: "Images are named by digest: what was looked at is what runs.",
  check: (resource) =>
    containersOf(podOf(resource)).flatMap((container) => {
      const image = textAt(container, "image");
      return image === undefined || /@sha256:[0-9a-f]{64}$/.test(image)
        ? []
        : [`container ${nameOf(container)} runs ${image}; add its digest: …@sha256:…`];
    }),
};

export const podsHaveLimits: Policy = {
  name: "pods-have-limits",
  description: "Every container requests CPU and memory and has a limit of memory.",
  check: (resource) =>
    containersOf(podOf(resource)).flatMap((container) => {
      const missing = ["requests.cpu", "requests.memory", "limits.memory"].filter(
        (path) => at(container, `resources.${path}`) === undefined,
      );
      return missing.length === 0
        ? []
        : [`container ${nameOf(container)} has no ${missing.join(", ")}; add it under resources`];
    }),
};

export const podsAreNotRoot: Policy = {
  name: "pods-are-not-root",
  description: "Pods run as an ordinary user, without privileges or a way to get any.",
  check: (resource) => {
    const pod = podOf(resource);
    return containersOf(pod).flatMap((container) => [
      ...(runsAsUser(pod, container) || bindsLowPortsOnly(pod, container)
        ? []
        : [`container ${nameOf(container)} may run as root; set securityContext.runAsNonRoot`]),
      ...(at(container, "securityContext.privileged") === true
        ? [`container ${nameOf(container)} is privileged; name the capability that it needs`]
        : []),
      ...(at(container, "securityContext.allowPrivilegeEscalation") === false
        ? []
        : [
            `container ${nameOf(container)} may gain privileges; set allowPrivilegeEscalation: false`,
          ]),
    ]);
  },
};

function runsAsUser(pod: unknown, container: unknown): boolean {
  const own = (path: string): unknown =>
    at(container, `securityContext.${path}`) ?? at(pod, `securityContext.${path}`);
  return own("runAsNonRoot") === true && own("runAsUser") !== 0;
}

/**
 * Root with nothing but the right to bind a port below 1024 on the node's own network: Kubernetes
 * hands that capability to root only, and a node's network has no unprivileged low ports.
 */
function bindsLowPortsOnly(pod: unknown, container: unknown): boolean {
  const context = at(container, "securityContext");
  return (
    at(pod, "hostNetwork") === true &&
    textsAt(context, "capabilities.drop").includes("ALL") &&
    listAt(context, "capabilities.add").length === 1 &&
    textsAt(context, "capabilities.add").includes("NET_BIND_SERVICE") &&
    at(context, "readOnlyRootFilesystem") === true
  );
}

function nameOf(container: unknown): string {
  return textAt(container, "name") ?? "without a name";
}
