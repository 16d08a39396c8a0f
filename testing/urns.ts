/**
 * The URNs of a program and the ones it knows from before: what a running stack's resources are called,
 * and what keeps them when they are called otherwise.
 */
import type { Registered } from "./engine.ts";
import { STACK } from "./registration.ts";

/** What a URN says beside stack and project: types from the outermost component inwards, and a name. */
export function localUrn(urn: string): string {
  return urn.split("::").slice(2).join("::");
}

/**
 * Every URN under which the engine looks for the state of each resource, its own first. As the engine
 * does, it goes through the aliases of the parents as well: a component that is called otherwise takes
 * its children along.
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
    const parent = resource.parent === undefined ? undefined : byUrn.get(resource.parent);
    const former = parent === undefined ? [] : urnsOf(parent).slice(1);
    const inherited = former.flatMap((urn) => own.map((each) => below(urn, parent, each)));
    const all = [...new Set([...own, ...inherited])];
    known.set(resource.urn, all);
    return all;
  };
  for (const resource of registered) {
    urnsOf(resource);
  }
  return known;
}

/** A child's URN below another URN of its parent, whose name stands at the front of many a child's. */
function below(formerParent: string, parent: Registered | undefined, child: string): string {
  const [stack, project, types = "", name = ""] = formerParent.split("::");
  const [, , childTypes = "", childName = ""] = child.split("::");
  const type = childTypes.split("$").at(-1) ?? "";
  const ofParent = parent?.name ?? "";
  const renamed =
    ofParent !== "" && childName.startsWith(ofParent)
      ? `${name}${childName.slice(ofParent.length)}`
      : childName;
  const path = types === STACK ? type : `${types}$${type}`;
  return [stack, project, path, renamed].join("::");
}
