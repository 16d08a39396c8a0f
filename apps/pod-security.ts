/** Levels of the Pod Security Standards, which Kubernetes enforces by a label of a namespace. Pure. */
import type { Apps } from "./app.ts";

/** From the least strict to the strictest (kubernetes.io/docs/concepts/security/pod-security-standards). */
const LEVELS = ["privileged", "baseline", "restricted"] as const;

/** What a namespace's pods may do. */
export type PodSecurity = (typeof LEVELS)[number];

/** The label by which the API server refuses pods that do more than the level allows. */
export const ENFORCE = "pod-security.kubernetes.io/enforce";

/** Labels of a namespace; its pods may do what the level allows, and no more. */
export function podSecurityLabels(level: PodSecurity): Readonly<Record<string, string>> {
  return { [ENFORCE]: level };
}

/** Level of a namespace that apps share: the least strict that one of them asks for. */
export function levelOf(apps: Apps, namespace: string): PodSecurity {
  const asked = Object.values(apps)
    .filter((app) => app.pods.namespace === namespace)
    .map(({ podSecurity = "restricted" }) => LEVELS.indexOf(podSecurity));
  return LEVELS[Math.min(...asked)] ?? "restricted";
}
