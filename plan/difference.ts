/** What applying one snapshot over another would do to each resource: pure. */
import { changesBetween, pathsWhere, valueAt, type Change, type Path } from "./changes.ts";
import { clusterReason, replacementReason } from "./replacement.ts";
import { isSealed } from "./seal.ts";
import type { Planned, Snapshot } from "./snapshot.ts";
import { urnBelow } from "./urn.ts";

/** Stands for a value that only making the other resource anew will tell. */
export const AFTER_APPLY = "(known after apply)";

/** A resource that both snapshots have, with what changes in it. */
export interface Changed {
  readonly before: Planned;
  readonly after: Planned;
  readonly changes: readonly Change[];
}

/** A changed resource that cannot keep its identity. */
export interface Replaced extends Changed {
  /** Each path that forces it, and why. */
  readonly reasons: readonly { readonly path: Path; readonly why: string }[];
}

export interface Difference {
  readonly created: readonly Planned[];
  readonly changed: readonly Changed[];
  readonly replaced: readonly Replaced[];
  readonly destroyed: readonly Planned[];
  readonly unchanged: number;
}

/** Compares two snapshots of one stack. */
export function differenceBetween(base: Snapshot, head: Snapshot): Difference {
  const earlier = formerResources(base, head);
  const known = new Set(earlier.values());
  const pairs = head.resources.flatMap((after): Changed[] => {
    const before = earlier.get(after.urn);
    return before === undefined ? [] : [{ before, after, changes: ownChanges(before, after) }];
  });
  const { replaced, changed } = follow(pairs);
  return {
    created: head.resources.filter(({ urn }) => !earlier.has(urn)),
    changed,
    replaced,
    destroyed: base.resources.filter((resource) => !known.has(resource)),
    unchanged: pairs.length - replaced.length - changed.length,
  };
}

/**
 * What each resource was before, by its URN of now: itself, one of its aliases, or, where its parent
 * had another URN, the resource of that parent, as the engine infers it.
 */
function formerResources(base: Snapshot, head: Snapshot): ReadonlyMap<string, Planned> {
  const left = new Map(base.resources.map((resource) => [resource.urn, resource]));
  const now = new Map(head.resources.map((resource) => [resource.urn, resource]));
  const former = new Map<string, Planned>();
  const seen = new Set<string>();
  const find = (after: Planned): void => {
    if (seen.has(after.urn)) {
      return;
    }
    seen.add(after.urn);
    const parent = now.get(after.parent ?? "");
    if (parent !== undefined) {
      find(parent);
    }
    const below = parent === undefined ? [] : urnsBelow(former.get(parent.urn), parent, after);
    const urn = [after.urn, ...after.aliases, ...below].find((known) => left.has(known)) ?? "";
    const before = left.get(urn);
    if (before !== undefined) {
      left.delete(urn);
      former.set(after.urn, before);
    }
  };
  head.resources.forEach(find);
  return former;
}

/** URN that a child had below its parent's former URN, where that was another one. */
function urnsBelow(before: Planned | undefined, parent: Planned, child: Planned): string[] {
  return before === undefined || before.urn === parent.urn
    ? []
    : [urnBelow(before.urn, parent.name, child)];
}

function ownChanges(before: Planned, after: Planned): Change[] {
  if (!after.custom) {
    // The inputs of a component change nothing but its parts, which are listed by themselves.
    return [];
  }
  return changesBetween(before.inputs, after.inputs).filter(
    ({ path }) => !isIgnored(path.join("."), after.ignoreChanges),
  );
}

/** Whether a property, or one that it is a part of, is not followed any more. */
function isIgnored(path: string, ignored: readonly string[]): boolean {
  return ignored.some((each) => path === each || path.startsWith(`${each}.`));
}

/**
 * Replacing a resource makes what it is known by unknown until then, as in the engine: whoever uses
 * it changes, and is replaced in turn where that input forces it, or where its provider is replaced.
 * A script that runs again leaves what it prints unknown, too; that is told only where it replaces.
 */
function follow(pairs: readonly Changed[]): Pick<Difference, "replaced" | "changed"> {
  const changes = new Map(pairs.map(({ after, changes: own }) => [after.urn, [...own]]));
  for (const script of pairs.filter(({ after, changes: own }) => runsAgain(after, own))) {
    for (const pair of pairs) {
      const known = changes.get(pair.after.urn) ?? [];
      const unknown = unknownOf(pair.after, script.after, known);
      known.push(...unknown.filter((change) => reasonsOf(pair, [change]).length > 0));
    }
  }
  const replaced = new Map<string, Replaced>();
  let isSettled = false;
  while (!isSettled) {
    isSettled = true;
    for (const pair of pairs.filter(({ after }) => !replaced.has(after.urn))) {
      const known = changes.get(pair.after.urn) ?? [];
      const reasons = [...reasonsOf(pair, known), ...followed(pair.after, replaced)];
      if (reasons.length > 0) {
        isSettled = false;
        replaced.set(pair.after.urn, { ...pair, changes: known, reasons });
        for (const { after } of pairs) {
          const so = changes.get(after.urn) ?? [];
          so.push(...unknownOf(after, pair.after, so));
        }
      }
    }
  }
  return {
    replaced: [...replaced.values()],
    changed: pairs
      .filter(({ after }) => !replaced.has(after.urn))
      .map((pair) => ({ ...pair, changes: changes.get(pair.after.urn) ?? [] }))
      .filter((pair) => pair.changes.length > 0),
  };
}

/** Whether a script will run again, so that nobody knows what it prints. */
function runsAgain({ type }: Planned, changes: readonly Change[]): boolean {
  return type.startsWith("command:") && changes.length > 0;
}

function reasonsOf({ before, after }: Changed, changes: readonly Change[]): Replaced["reasons"] {
  return changes.flatMap(({ path, after: value }) => {
    const why =
      after.type === "pulumi:providers:kubernetes"
        ? clusterReason(before, after, path, value !== AFTER_APPLY)
        : replacementReason(after, path);
    return why === undefined ? [] : [{ path, why }];
  });
}

/** Resources whose replacement alone, whatever the inputs, replaces this one. */
function followed(
  { provider, replaceWith = [] }: Planned,
  replaced: ReadonlyMap<string, Replaced>,
): Replaced["reasons"] {
  // A reference is the provider's URN and its id.
  const urn = provider?.slice(0, provider.lastIndexOf("::")) ?? "";
  return [
    ...(replaced.has(urn) ? [{ path: ["provider"], why: "its provider is made anew" }] : []),
    ...replaceWith
      .filter((other) => replaced.has(other))
      .map((other) => ({
        path: ["replaceWith"],
        why: `it goes with ${other.split("::").at(-1) ?? other}, which is made anew`,
      })),
  ];
}

/** The inputs of a resource that become unknown with the replacement of another one. */
function unknownOf(resource: Planned, replaced: Planned, known: readonly Change[]): Change[] {
  return Object.entries(resource.propertyDependencies)
    .filter(([, urns]) => urns.includes(replaced.urn))
    .flatMap(([property]) => usesOf(resource.inputs[property], replaced, property))
    .filter((path) => !known.some((change) => startsWith(path, change.path)))
    .map((path) => ({ path, before: valueAt(resource.inputs, path), after: AFTER_APPLY }));
}

/** Where in an input, which is known to need the replaced resource, its values stand. */
function usesOf(input: unknown, replaced: Planned, property: string): Path[] {
  const paths = pathsWhere(
    input,
    (leaf) =>
      isSealed(leaf) ||
      replaced.answers.some((text) => typeof leaf === "string" && leaf.includes(text)),
    [property],
  );
  // A Kubernetes object is known by the name that its inputs give it, which the new one keeps.
  return paths.length > 0 || replaced.type.startsWith("kubernetes:") ? paths : [[property, "…"]];
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((part, index) => path[index] === part);
}
