/** What holds for every type alike: what is supported, and what a change amounts to. */
import { checkResource } from "@fogline/azure-checks/check";
import { describeRefusal } from "@fogline/azure-checks/refusal";
import { missing, type Inputs } from "@fogline/azure-checks/values";
import type { World } from "@fogline/azure-checks/world";
import { differences } from "@fogline/pulumi-kit/difference";
import type { PlannedChange } from "@fogline/pulumi-kit/serve";
import { changed, unwrap, type Problem, type Properties } from "@fogline/pulumi-kit/values";

import { limitsOf } from "./limits.ts";
import { idOf, typeContract, type Fields } from "./types.ts";

/** Before anything is made there is nothing to compare with. */
const NOTHING: World = { complete: false, get: () => undefined, ofType: () => [] };

/** Problems of inputs that show before anything is made; values not known yet pass. */
export function checkInputs(type: string, news: Properties): Problem[] {
  const contract = typeContract(type);
  const inputs = unwrap(news) as Inputs;
  const named = contract.names.filter((name) => missing(inputs, name));
  const refused = checkResource({ id: idOf(type, inputs), type, inputs }, NOTHING);
  const isRefused = (path: string): boolean => refused.some((refusal) => refusal.path === path);
  return [
    ...named.map((property) => ({
      property,
      reason: `the lab's stand-in for ${type} makes up no names: give ${property}`,
    })),
    ...refused
      .filter(({ path }) => !named.includes(path))
      .map((refusal) => ({ property: refusal.path, reason: describeRefusal(refusal) })),
    ...unsupported(withNames(contract.names, contract.inputs), inputs)
      .filter((path) => !isRefused(path))
      .map((property) => ({
        property,
        reason: `the lab's stand-in for ${type} does not support ${property}`,
      })),
    ...limitsOf(type, inputs).filter(({ property }) => !isRefused(property)),
  ];
}

/** What it takes to get from the inputs that were to those now wanted. */
export function diffInputs(type: string, olds: Properties, news: Properties): PlannedChange[] {
  const contract = typeContract(type);
  const [before, after] = [unwrap(olds) as Inputs, unwrap(news) as Inputs];
  const fixed = [...contract.names, "location", ...contract.replaces];
  return differences(olds, news).map((change) => {
    const path = change.path.replaceAll(/\[\d+\]/g, "");
    const replaces = fixed.some(
      (each) =>
        path === each ||
        path.startsWith(`${each}.`) ||
        (each.startsWith(`${path}.`) && differs(each, before, after)),
    );
    return { ...change, replaces };
  });
}

/** Whether two inputs differ at a dotted path; lists on the way are entered. */
export function differs(path: string, before: Inputs, after: Inputs): boolean {
  return (
    changed(["at"], { at: everywhere(before, path) }, { at: everywhere(after, path) }).length > 0
  );
}

function everywhere(value: unknown, path: string): unknown {
  const [first = "", ...rest] = path.split(".");
  if (Array.isArray(value)) {
    return value.map((element) => everywhere(element, path));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const inner = (value as Inputs)[first];
  return rest.length === 0 ? inner : everywhere(inner, rest.join("."));
}

function withNames(names: readonly string[], fields: Fields): Fields {
  return { ...fields, ...Object.fromEntries(names.map((name) => [name, true as const])) };
}

function unsupported(fields: Fields, value: unknown, prefix = ""): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((element, n) => unsupported(fields, element, `${prefix}[${n}]`));
  }
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = prefix === "" ? key : `${prefix}.${key}`;
    const known = fields[key];
    if (known === undefined) {
      return key.startsWith("__") || inner === undefined || inner === null ? [] : [path];
    }
    return known === true ? [] : unsupported(known, inner, path);
  });
}
