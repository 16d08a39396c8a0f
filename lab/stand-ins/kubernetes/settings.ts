/** The provider's own configuration: what `new kubernetes.Provider(name, {…})` takes. */
import { clusterIdentity } from "./kubeconfig.ts";
import { isUnknown, type JsonObject } from "./values.ts";

export interface Settings {
  kubeconfig: string | undefined;
  context: string | undefined;
  cluster: string | undefined;
  /** Namespace for objects that name none; the context's when absent. */
  namespace: string | undefined;
  clusterIdentifier: string | undefined;
  /** Take over fields that another manager owns. Default false: a conflict is an error. */
  patchForce: boolean;
  /** Forget objects of a cluster that does not answer, instead of failing. */
  deleteUnreachable: boolean;
  /** Leave objects of a cluster that does not answer as they are, instead of failing. */
  skipUpdateUnreachable: boolean;
  /** Adopt an object that exists already, instead of failing. */
  upsertExisting: boolean;
  configMapMutable: boolean;
  secretMutable: boolean;
  suppressDeprecationWarnings: boolean;
}

const TEXTS = ["kubeconfig", "context", "cluster", "namespace", "clusterIdentifier"] as const;
/** Official name → setting and the environment variable that stands in for it. */
const FLAGS = {
  deleteUnreachable: ["deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"],
  enableConfigMapMutable: ["configMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"],
  enablePatchForce: ["patchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"],
  enableSecretMutable: ["secretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"],
  skipUpdateUnreachable: ["skipUpdateUnreachable", "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"],
  suppressDeprecationWarnings: [
    "suppressDeprecationWarnings",
    "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
  ],
  upsertExistingObjects: ["upsertExisting", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"],
} as const;
/** Keys of the official provider that only say something about parts not supported here. */
const IDLE = new Set(["suppressHelmHookWarnings", "alwaysRender", "version"]);
const REFUSED: Record<string, string> = {
  renderYamlToDirectory: "rendering manifests is not supported by the kubernetes stand-in",
  helmReleaseSettings: "Helm is not supported by the kubernetes stand-in",
  kubeClientSettings: "client tuning is not supported by the kubernetes stand-in",
};

const TRUE = new Set(["1", "t", "T", "true", "TRUE", "True"]);

export interface Problem {
  property: string;
  reason: string;
}

/** What of a configuration the stand-in cannot honour; unknown values pass. */
export function settingsProblems(args: JsonObject): Problem[] {
  const problems: Problem[] = [];
  for (const [property, value] of Object.entries(args)) {
    if (isUnknown(value) || IDLE.has(property)) {
      continue;
    }
    const refused = REFUSED[property];
    if (refused !== undefined) {
      problems.push({ property, reason: refused });
    } else if (property === "enableServerSideApply") {
      if (value !== true && !TRUE.has(typeof value === "string" ? value : "")) {
        problems.push({
          property,
          reason: "the kubernetes stand-in applies on the server side only; remove this setting",
        });
      }
    } else if (!(property in FLAGS) && !TEXTS.some((text) => text === property)) {
      problems.push({ property, reason: "is not a setting of the kubernetes provider" });
    } else if (typeof value === "object") {
      problems.push({ property, reason: "must be text, a number or true/false" });
    }
  }
  return problems;
}

/** Values arrive as text, or as JSON in text: `"true"`. Absent ones come from the environment. */
export function parseSettings(args: JsonObject): Settings {
  const text = (name: (typeof TEXTS)[number]): string | undefined => {
    const value = args[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const flag = (name: keyof typeof FLAGS): boolean => {
    const value = args[name];
    const given = typeof value === "boolean" || typeof value === "string" ? String(value) : "";
    return TRUE.has(given === "" ? (process.env[FLAGS[name][1]] ?? "") : given);
  };
  return {
    kubeconfig: text("kubeconfig"),
    context: text("context"),
    cluster: text("cluster"),
    namespace: text("namespace"),
    clusterIdentifier: text("clusterIdentifier"),
    patchForce: flag("enablePatchForce"),
    deleteUnreachable: flag("deleteUnreachable"),
    skipUpdateUnreachable: flag("skipUpdateUnreachable"),
    upsertExisting: flag("upsertExistingObjects"),
    configMapMutable: flag("enableConfigMapMutable"),
    secretMutable: flag("enableSecretMutable"),
    suppressDeprecationWarnings: flag("suppressDeprecationWarnings"),
  };
}

/**
 * Which changed settings mean another cluster, so that every object must be made anew. With a
 * `clusterIdentifier` on both sides only that counts; else server and authority of the kubeconfig
 * do, so that a renewed certificate or another user replaces nothing.
 */
export function settingsReplaces(old: JsonObject, news: JsonObject): string[] {
  const [before, after] = [parseSettings(old), parseSettings(news)];
  if (before.clusterIdentifier !== undefined || after.clusterIdentifier !== undefined) {
    return before.clusterIdentifier === after.clusterIdentifier ? [] : ["clusterIdentifier"];
  }
  const names = ["kubeconfig", "context", "cluster"] as const;
  const changed = names.filter((name) => before[name] !== after[name]);
  if (changed.length === 0 || names.some((name) => isUnknown(news[name]))) {
    return [];
  }
  const [was, is] = [clusterIdentity(before), clusterIdentity(after)];
  return was === undefined || is === undefined || was === is ? [] : changed;
}
