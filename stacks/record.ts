/**
 * What the running cluster was built with, kept in the stack's state: from it the program knows what
 * an update would change, and refuses what a cluster does not survive.
 */
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../config/schema.ts";
import type { Sections, SettingsOf } from "../config/section.ts";
import { builtWith, RECORD, transitions, type Built } from "../config/transition.ts";

/** The engine's own function that reads what the resources of a stack had at the last update. */
export const READ_STATE = "pulumi:pulumi:readStackResourceOutputs";

interface State {
  readonly outputs: Readonly<
    Record<string, { readonly outputs: Readonly<Record<string, unknown>> }>
  >;
}

/**
 * Refuses a change that a running cluster does not survive, before the program declares anything: in
 * `preview` and in `up`, with or without a preview before it. Nothing is asked where there is no
 * cluster yet, so that the settings of a first `up` that failed can be put right.
 *
 * @param apps sections beside the program's own
 * @returns whether a cluster runs that an `up` has completed
 * @throws pulumi.RunError listing every such change with its rule and the fix
 */
export async function refuseChanges<A extends Sections>(
  settings: Settings & SettingsOf<A>,
  apps: A,
): Promise<boolean> {
  const stackName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const { outputs } = (await pulumi.runtime.invoke(READ_STATE, { stackName })) as State;
  const [urn, record] =
    Object.entries(outputs).find(([name]) => name.endsWith(`::${RECORD}`)) ?? [];
  if (urn === undefined) {
    return false;
  }
  const recorded = record?.outputs["input"] as Partial<Built>;
  const refusal = refusalOf(recorded, builtWith(settings, apps), urn, apps);
  if (refusal !== undefined) {
    throw new pulumi.RunError(refusal);
  }
  return true;
}

/** Writes the record, once the cluster is what the settings say. */
export function keepRecord<A extends Sections>(
  settings: Settings & SettingsOf<A>,
  apps: A,
  ready: readonly pulumi.Resource[],
): void {
  new pulumi.Stash(
    RECORD,
    { input: builtWith(settings, apps) },
    // An update that fails before leaves no cluster that these settings describe.
    { dependsOn: [...ready] },
  );
}

/** Message about refused changes; undefined if all are allowed. */
export function refusalOf(
  recorded: Partial<Built>,
  after: Built,
  urn: string,
  apps: Sections,
): string | undefined {
  const before = completed(recorded, after, apps);
  const refused = transitions(before, after, apps).filter((each) => each.refused);
  if (refused.length === 0) {
    return undefined;
  }
  const lines = refused.map(({ path, rule, fix }) => `  - ${path} ${rule}\n    fix: ${fix}`);
  return [
    "The running cluster does not survive this change of its settings; nothing was changed.",
    ...lines,
    "  At the end of a recipe of docs/plan.md, this lets the next update pass:",
    `    pulumi state delete '${urn}'`,
  ].join("\n");
}

/** An earlier release may have recorded less: what it left out counts as unchanged. */
function completed(recorded: Partial<Built>, now: Built, apps: Sections): Built {
  const { cloud, overlay, k3s, ...rest } = recorded;
  const ofApps = Object.keys(apps)
    .filter((name) => name in now)
    .map((name) => [name, { ...asObject(now[name]), ...asObject(recorded[name]) }] as const);
  return {
    ...now,
    ...rest,
    cloud: { ...now.cloud, ...cloud },
    overlay: { ...now.overlay, ...overlay },
    k3s: { ...now.k3s, ...k3s },
    ...Object.fromEntries(ofApps),
  };
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
