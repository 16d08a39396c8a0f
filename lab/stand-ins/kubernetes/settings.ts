/** The provider's own configuration: what `new kubernetes.Provider(name, {…})` takes. */
import { equal, type Json, type JsonObject } from "@fogline/pulumi-kit/json";
import { isUnknown, type Problem } from "@fogline/pulumi-kit/values";

import { activeCluster } from "./kubeconfig.ts";

export interface Settings {
  /** Its content. */
  kubeconfig: string | undefined;
  /** Take over fields that another manager owns. Default false: a conflict is an error. */
  patchForce: boolean;
  /** Forget objects of a cluster that does not answer, instead of failing. */
  deleteUnreachable: boolean;
  /** Adopt an object that exists already, instead of failing. */
  upsertExisting: boolean;
}

const SUPPORTED = [
  "clusterIdentifier",
  "deleteUnreachable",
  "enablePatchForce",
  "enableServerSideApply",
  "kubeconfig",
  "upsertExistingObjects",
];

/** Values arrive as they are, as text, or as JSON in text: `"true"`. */
const TRUE: readonly unknown[] = [true, "1", "t", "T", "true", "TRUE", "True"];
const isTrue = (value: unknown): boolean => TRUE.includes(value);

/** What of a configuration the stand-in cannot honour; unknown values pass. */
export function settingsProblems(args: JsonObject): Problem[] {
  const reason = (property: string, value: Json): string | undefined => {
    if (!SUPPORTED.includes(property)) {
      return `is not supported by the kubernetes stand-in (supported: ${SUPPORTED.join(", ")})`;
    }
    if (property === "enableServerSideApply" && !isTrue(value)) {
      return "the kubernetes stand-in applies on the server side only; remove this setting";
    }
    return typeof value === "object" ? "must be text, a number or true/false" : undefined;
  };
  return Object.entries(args)
    .filter(([property, value]) => property !== "version" && !isUnknown(value))
    .flatMap(([property, value]) => {
      const found = reason(property, value);
      return found === undefined ? [] : [{ property, reason: found }];
    });
}

/** Settings as the stand-in reads them. The one that `pulumi destroy` may need is a variable, too. */
export function parseSettings(args: JsonObject): Settings {
  const { kubeconfig } = args;
  const forgets = args["deleteUnreachable"] ?? process.env["PULUMI_K8S_DELETE_UNREACHABLE"];
  return {
    kubeconfig: typeof kubeconfig === "string" && kubeconfig !== "" ? kubeconfig : undefined,
    patchForce: isTrue(args["enablePatchForce"]),
    deleteUnreachable: isTrue(forgets),
    upsertExisting: isTrue(args["upsertExistingObjects"]),
  };
}

/** What an update of the provider's own resource would do. */
export interface SettingsDifference {
  changed: string[];
  /** Settings for which the provider, and every object with it, is made anew. */
  replaces: string[];
}

const IDENTIFIER = "clusterIdentifier";
const KUBECONFIG = "kubeconfig";

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
  if (isUnknown(news[KUBECONFIG])) {
    return { changed: [KUBECONFIG], replaces: sameCluster ? [] : [...replaces, KUBECONFIG] };
  }
  const [was, is] = [old, news].map((args) => activeCluster(parseSettings(args).kubeconfig));
  if (was !== undefined && is !== undefined && !equal(was, is)) {
    replaces.push(KUBECONFIG);
  }
  return { changed, replaces: sameCluster ? [] : replaces };
}

const isSet = (value: Json | undefined): boolean => value !== undefined && value !== null;
