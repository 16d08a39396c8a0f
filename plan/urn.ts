/**
 * URN that a child has below a former URN of its parent, as the engine infers it.
 *
 * @param formerParent URN that the parent had
 * @param parentName name that the parent has now; where the child's begins with it, the engine takes that
 *   beginning for the parent's name
 */
export function urnBelow(
  formerParent: string,
  parentName: string,
  child: { readonly type: string; readonly name: string },
): string {
  const [stack, project, types = "", former = ""] = formerParent.split("::");
  const name = child.name.startsWith(parentName)
    ? former + child.name.slice(parentName.length)
    : child.name;
  return [stack, project, `${types}$${child.type}`, name].join("::");
}
