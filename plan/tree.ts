/** Resources as a tree of components and what they hold. */
import type { Planned } from "./snapshot.ts";

/** One line per resource, children below their component. */
export function treeOf(resources: readonly Planned[]): string[] {
  const known = new Set(resources.map(({ urn }) => urn));
  const isTop = ({ parent }: Planned): boolean => parent === undefined || !known.has(parent);
  return resources.filter(isTop).flatMap((top) => [line(top), ...below(top, resources, "")]);
}

function below(parent: Planned, resources: readonly Planned[], indent: string): string[] {
  const children = resources.filter((resource) => resource.parent === parent.urn);
  return children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    return [
      `${indent}${isLast ? "└─" : "├─"} ${line(child)}`,
      ...below(child, resources, `${indent}${isLast ? "   " : "│  "}`),
    ];
  });
}

function line({ type, name, protect, retainOnDelete }: Planned): string {
  const marks = [...(protect ? ["protected"] : []), ...(retainOnDelete ? ["kept"] : [])];
  return `${name} (${type})${marks.length === 0 ? "" : ` [${marks.join(", ")}]`}`;
}
