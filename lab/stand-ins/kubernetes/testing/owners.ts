/** Who owns which field of an object of the API server in memory. */
import {
  equal,
  isObject,
  withValue,
  type Json,
  type JsonObject,
  type Path,
} from "@fogline/pulumi-kit/json";

/** Owners of fields: `<manager> <operation>` → paths of leaves. */
export type Owners = Map<string, Path[]>;

/** As the server keys entries of `managedFields`: one name that applies and updates is two managers. */
export const managerKey = (manager: string, operation: "Apply" | "Update"): string =>
  `${manager} ${operation}`;

/** Whether a path is another one. */
export const same = (a: Path) => (b: Path) => equal([...a], [...b]);

/** Takes a field from an owner. */
export function disown(owners: Owners, owner: string, leaf: Path): void {
  owners.set(owner, owners.get(owner)?.filter((path) => !same(leaf)(path)) ?? []);
}

/** Paths of all values in a value that hold no others. */
export function leaves(value: Json, path: Path = []): Path[] {
  return isObject(value) && Object.keys(value).length > 0
    ? Object.entries(value).flatMap(([key, child]) => leaves(child, [...path, key]))
    : [path];
}

/** An entry of an object's `managedFields`. */
export function managedFields(key: string, paths: readonly Path[]): JsonObject {
  const [manager = "", operation = ""] = key.split(" ");
  let fieldsV1: Json = {};
  for (const path of paths) {
    fieldsV1 = withValue(
      fieldsV1,
      path.map((part) => `f:${part}`),
      {},
    );
  }
  return { manager, operation, fieldsType: "FieldsV1", fieldsV1 };
}
