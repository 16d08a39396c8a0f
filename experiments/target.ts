/** What visitors of a variant ask. */
import { PORT } from "./faults/direct-port.ts";
import type { Fault, Target } from "./model.ts";
import type { Site } from "./site.ts";

/** Addresses that visitors ask in turn. @param target default: the site's own */
export async function urlsOf(site: Site, target: Target | undefined): Promise<readonly string[]> {
  if (target === undefined) {
    return site.urls;
  }
  const address = await site.addressOf(target.machine);
  return [target.kind === "ingress" ? `http://${address}/` : `http://${address}:${PORT}/`];
}

/** What must be prepared before they can be asked, and undone afterwards. */
export function openings(target: Target | undefined): readonly Fault[] {
  return target?.kind === "pod" ? [{ kind: "direct-port", machine: target.machine }] : [];
}
