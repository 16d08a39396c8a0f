/** The provider's own configuration: what `new kubernetes.Provider(name, {…})` takes. */
import { equal, type Json, type JsonObject } from "@fogline/pulumi-kit/json";
import { isUnknown } from "@fogline/pulumi-kit/values";

import { activeCluster } from "./kubeconfig.ts";

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
  skipUpdateUnreachable: "is not supported by the kubernetes stand-in",
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
    upsertExisting: flag("upsertExistingObjects"),
    configMapMutable: flag("enableConfigMapMutable"),
    secretMutable: flag("enableSecretMutable"),
    suppressDeprecationWarnings: flag("suppressDeprecationWarnings"),
  };
}

/** What an update of the provider's own resource would do. */
export interface SettingsDifference {
  changed: string[];
  /** Settings for which the provider, and every object with it, is made anew. */
  replaces: string[];
}

const IDENTIFIER = "clusterIdentifier";
/** Settings that choose the cluster. */
const CHOICE = ["kubeconfig", "context", "cluster"] as const;

/**
 * Compares settings as the official plugin does.
 *
 * - A `clusterIdentifier` that is known and the same on both sides: nothing is replaced.
 * - One that differs, or is unknown: everything is. One that is new or gone decides nothing.
 * - Otherwise an unknown kubeconfig, as in the preview of a change of the script that prints it,
 *   replaces everything, and a known one does when its active cluster differs: server, authority and
 *   what else the kubeconfig says of it. A renewed certificate or another user replaces nothing.
 */
export function settingsDifference(old: JsonObject, news: JsonObject): SettingsDifference {
  const names = [...new Set([...Object.keys(old), ...Object.keys(news)])];
  const changed = names.filter((name) => !equal(old[name], news[name]));
  if (changed.length === 0) {
    return { changed, replaces: [] };
  }
  const identified = isSet(old[IDENTIFIER]) && isSet(news[IDENTIFIER]);
  const sameCluster = identified && !changed.includes(IDENTIFIER);
  const replaces = identified && !sameCluster ? [IDENTIFIER] : [];
  const unknown = CHOICE.find((name) => isUnknown(news[name]));
  if (unknown !== undefined) {
    return { changed: [unknown], replaces: sameCluster ? [] : [...replaces, unknown] };
  }
  const [was, is] = [activeCluster(parseSettings(old)), activeCluster(parseSettings(news))];
  if (was !== undefined && is !== undefined && !equal(was, is)) {
    replaces.push(...CHOICE.filter((name) => changed.includes(name)));
  }
  return { changed, replaces: sameCluster ? [] : replaces };
}

const isSet = (value: Json | undefined): boolean => value !== undefined && value !== null;
