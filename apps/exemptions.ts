/** What the apps' definitions exempt from policies, as `policy/` takes it. Pure. */
import type { Apps } from "./app.ts";

/** Types of components by what single policies let them do (`Exemptions` in policy/policy.ts). */
export function exemptionsOf(apps: Apps): { readonly nodePorts: readonly string[] } {
  return { nodePorts: Object.values(apps).flatMap(({ nodePorts }) => nodePorts ?? []) };
}
