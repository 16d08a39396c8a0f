/** What a resource needs around it: its group, its parent, and what it refers to. */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import type { Refusal } from "./refusal.ts";
import { isObject, place, textAt } from "./values.ts";
import { GROUP, groupOf, nameOf, parentOf, type Resource, type World } from "./world.ts";

/** The group, what the resource stands under, and what it refers to are there, in one region. */
export function checkSurroundings(resource: Resource, world: World): Refusal[] {
  if (resource.type === GROUP) {
    return [];
  }
  return [
    ...(world.complete ? checkParents(resource, world) : []),
    ...referencesOf(resource.inputs, "").flatMap(({ path, id }) =>
      checkReference(resource, path, id, world),
    ),
  ];
}

function checkParents({ id }: Resource, world: World): Refusal[] {
  // A name that is not known yet stands in braces.
  const known = !id.includes("{");
  const group = groupOf(id);
  if (known && world.get(group) === undefined) {
    const message = `Resource group '${nameOf(group)}' could not be found.`;
    return [{ path: "resourceGroupName", code: "ResourceGroupNotFound", message }];
  }
  const parent = parentOf(id);
  const message = `Failed to perform 'write' on resource '${id}', because the parent resource '${parent}' could not be found.`;
  return known && world.get(parent) === undefined
    ? [{ path: "", code: "ParentResourceNotFound", message }]
    : [];
}

function checkReference(resource: Resource, path: string, id: string, world: World): Refusal[] {
  const found = world.get(id);
  const [own, other] = [resource, found].map((each) => textAt(each?.inputs, "location"));
  const elsewhere = own !== undefined && other !== undefined && place(own) !== place(other);
  const message = `Resource ${id} referenced by resource ${resource.id} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region.`;
  return (found === undefined && world.complete) || elsewhere
    ? [{ path, code: "InvalidResourceReference", message }]
    : [];
}

/** Every `{ id }` among inputs that is known. */
function referencesOf(value: unknown, path: string): { path: string; id: string }[] {
  if (Array.isArray(value)) {
    return value.flatMap((each: unknown, n) => referencesOf(each, `${path}[${n}]`));
  }
  if (!isObject(value)) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const here = path === "" ? key : `${path}.${key}`;
    // At the top an id is the resource's own.
    return key === "id" && path !== ""
      ? typeof inner === "string" && inner !== UNKNOWN
        ? [{ path, id: inner }]
        : []
      : referencesOf(inner, here);
  });
}
