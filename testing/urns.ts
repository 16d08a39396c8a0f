/**
 * The URNs that a program's resources have and had: what the state of a running stack calls them, and by
 * which the engine finds them there after an upgrade.
 */
import { urnBelow } from "../plan/urn.ts";
import type { Registered } from "./engine.ts";

/** A URN without stack and project: types from the outermost component inwards, and the name. */
export function localUrn(urn: string): string {
  return urn.split("::").slice(2).join("::");
}

/**
 * Every URN by which the engine looks for the state of a resource, by the URN that it has now. As the
 * engine does, it adds the aliases of the parents: the children of a renamed component follow it.
 */
export function knownUrns(registered: readonly Registered[]): ReadonlyMap<string, string[]> {
  const byUrn = new Map(registered.map((resource) => [resource.urn, resource]));
  const known = new Map<string, string[]>();
  const urnsOf = (resource: Registered): string[] => {
    const found = known.get(resource.urn);
    if (found !== undefined) {
      return found;
    }
    const own = [resource.urn, ...resource.aliases];
    const parent = byUrn.get(resource.parent ?? "");
    const inherited =
      parent === undefined
        ? []
        : urnsOf(parent)
            .slice(1)
            .flatMap((former) => own.map((urn) => urnBelow(former, parent.name, partsOf(urn))));
    const all = [...new Set([...own, ...inherited])];
    known.set(resource.urn, all);
    return all;
  };
  for (const resource of registered) {
    urnsOf(resource);
  }
  return known;
}

/** Type and name that a URN ends with. */
function partsOf(urn: string): { type: string; name: string } {
  const [, , types = "", name = ""] = urn.split("::");
  return { type: types.split("$").at(-1) ?? "", name };
}
