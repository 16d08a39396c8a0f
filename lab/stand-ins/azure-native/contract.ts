/** What holds for every type alike: supported fields, names, and what a change amounts to. */
import type { CheckFailure, DiffResult } from "@pulumi/pulumi/provider/index.js";

import { changed, hasUnknown, unwrap, type Properties } from "../shared/values.ts";
import { typeContract, type Fields, type Inputs, type Type } from "./types.ts";

/** Problems of inputs that show before anything is made; values not known yet pass. */
export function checkInputs(type: string, news: Properties): CheckFailure[] {
  const contract = typeContract(type);
  const inputs = unwrap(news) as Inputs;
  return [
    ...unsupported(contract.inputs, inputs).map((property) => ({
      property,
      reason: `the lab's stand-in for ${type} does not support ${property}`,
    })),
    ...checkName(type, contract, inputs),
  ];
}

/** What it takes to get from one state to the inputs now wanted. */
export function diffInputs(type: string, olds: Properties, news: Properties): DiffResult {
  const contract = typeContract(type);
  const before = (unwrap(olds["__inputs"]) ?? unwrap(olds)) as Inputs;
  const after = unwrap(news) as Inputs;
  const changes = changed(Object.keys(contract.inputs), before, after);
  const fixed = ["resourceGroupName", "location", contract.nameField, ...contract.replaces];
  return {
    changes: changes.length > 0 || hasUnknown(news),
    replaces: fixed.filter((path) => differs(path, before, after)),
    // Names are given, so the new one cannot stand beside the old one.
    deleteBeforeReplace: true,
  };
}

/** Whether two inputs differ at a dotted path; lists on the way are entered. */
export function differs(path: string, before: Inputs, after: Inputs): boolean {
  return changed(["at"], { at: at(before, path) }, { at: at(after, path) }).length > 0;
}

function at(value: unknown, path: string): unknown {
  const [first = "", ...rest] = path.split(".");
  if (Array.isArray(value)) {
    return value.map((element) => at(element, path));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const inner = (value as Inputs)[first];
  return rest.length === 0 ? inner : at(inner, rest.join("."));
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

function checkName(type: string, { nameField, namePattern }: Type, inputs: Inputs): CheckFailure[] {
  const name = inputs[nameField];
  if (name === undefined) {
    const reason = `the lab's stand-in for ${type} makes up no names: give ${nameField}`;
    return [{ property: nameField, reason }];
  }
  if (hasUnknown(name) || (typeof name === "string" && namePattern.test(name))) {
    return [];
  }
  const reason = `Code="InvalidResourceName" Message="Resource name ${JSON.stringify(name)} is invalid."`;
  return [{ property: nameField, reason }];
}
