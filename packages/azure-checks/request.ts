/**
 * The request that Azure gets for a resource, and what of it Azure's published models do not hold.
 *
 * azure-native names a property as Azure does and leaves out the `properties` objects around it;
 * names of the path (`vmName`, `resourceGroupName`) stand among the inputs.
 */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";

import { modelOf, publishedType, type Limits, type Property, type ValueType } from "./models.ts";
import type { Refusal } from "./refusal.ts";
import { isObject, type Inputs } from "./values.ts";

/** A PUT of Azure's resource API. */
export interface AzureRequest {
  /** Address below the API's host; names not known yet stay in braces. */
  readonly path: string;
  readonly apiVersion: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface CheckedRequest {
  readonly request: AzureRequest;
  readonly refusals: readonly Refusal[];
}

/**
 * Turns inputs into the request and checks it.
 *
 * @throws Error when no published model was taken over for the type
 */
export function requestOf(type: string, inputs: Inputs, subscription: string): CheckedRequest {
  const published = publishedType(type);
  if (published === undefined) {
    throw new Error(
      `no published model of ${type}: name it in packages/azure-checks/models/generate.ts and run that`,
    );
  }
  const refusals: Refusal[] = [];
  const { names } = published;
  for (const name of names) {
    checkName(name, inputs[name], published.limits?.[name], refusals);
  }
  const given = Object.entries(inputs).filter(([key]) => !names.includes(key) && !internal(key));
  const body = bodyOf(published.model, Object.fromEntries(given), "", refusals);
  // azure-native gives a resource its group's location where it is given none.
  const isGroup = names.length === 1;
  return {
    request: {
      path: pathOf(published.path, inputs, subscription),
      apiVersion: published.apiVersion,
      body,
    },
    refusals: refusals.filter(({ code }) => isGroup || code !== "LocationRequired"),
  };
}

/** Id of the resource that inputs describe; names not known yet stay in braces. */
export function resourceId(type: string, inputs: Inputs, subscription: string): string {
  return pathOf(publishedType(type)?.path ?? "", inputs, subscription);
}

function pathOf(template: string, inputs: Inputs, subscription: string): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = name === "subscriptionId" ? subscription : inputs[name];
    return typeof value === "string" && value !== UNKNOWN ? value : whole;
  });
}

/** What Pulumi keeps among inputs for itself. */
function internal(key: string): boolean {
  return key.startsWith("__");
}

function checkName(
  path: string,
  value: unknown,
  limits: Limits | undefined,
  refusals: Refusal[],
): void {
  if (value === UNKNOWN) {
    return;
  }
  if (typeof value !== "string" || value === "") {
    refusals.push(invalid(path, `The parameter '${path}' of the resource's address is missing.`));
    return;
  }
  checkLimits(path, value, limits, refusals);
}

/** The body of a model, every value in its place. */
function bodyOf(
  modelName: string,
  value: Readonly<Record<string, unknown>>,
  path: string,
  refusals: Refusal[],
): Record<string, unknown> {
  const model = modelOf(modelName);
  const body: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined || inner === null || internal(key)) {
      continue;
    }
    const here = path === "" ? key : `${path}.${key}`;
    const property = Object.hasOwn(model, key) ? model[key] : undefined;
    if (property === undefined) {
      const owner = modelName.split(".")[1] ?? modelName;
      const message = `Could not find member '${key}' on object of type '${owner}'.`;
      refusals.push(invalid(here, message));
    } else if (property.readOnly === true) {
      const message = `${here} is set by Azure alone; a value that is given has no effect.`;
      refusals.push({ path: here, code: "ReadOnlyProperty", message });
    } else {
      put(body, property.at, valueOf(property, inner, here, refusals));
    }
  }
  for (const [key, property] of Object.entries(model)) {
    const given = value[key];
    if (property.required === true && (given === undefined || given === null)) {
      refusals.push(missingProperty(path === "" ? key : `${path}.${key}`));
    }
  }
  return body;
}

function put(body: Record<string, unknown>, at: readonly string[], value: unknown): void {
  const [key = "", ...rest] = at;
  if (rest.length === 0) {
    body[key.replaceAll("\\.", ".")] = value;
    return;
  }
  const inner = body[key];
  const next = isObject(inner) ? inner : {};
  body[key] = next;
  put(next, rest, value);
}

function valueOf(
  { type, limits }: Property,
  value: unknown,
  path: string,
  refusals: Refusal[],
): unknown {
  checkLimits(path, value, limits, refusals);
  return convert(type, value, path, refusals);
}

function convert(type: ValueType, value: unknown, path: string, refusals: Refusal[]): unknown {
  if (value === UNKNOWN || type === "any") {
    return value;
  }
  if (typeof type === "string") {
    if (typeof value !== type) {
      refusals.push(wrongType(path, value, type));
    }
    return value;
  }
  if ("enum" in type) {
    const known = type.enum.some((each) => each.toLowerCase() === String(value).toLowerCase());
    if (typeof value !== "string") {
      refusals.push(wrongType(path, value, "string"));
    } else if (!known) {
      const list = type.enum.join(", ");
      const message = `Error converting value ${JSON.stringify(value)} of '${path}'. Published values: ${list}.`;
      refusals.push(invalid(path, message));
    }
    return value;
  }
  if ("list" in type) {
    if (!Array.isArray(value)) {
      refusals.push(wrongType(path, value, "list"));
      return value;
    }
    return value.map((each, n) => convert(type.list, each, `${path}[${n}]`, refusals));
  }
  if (!isObject(value)) {
    refusals.push(wrongType(path, value, "object"));
    return value;
  }
  return "model" in type
    ? bodyOf(type.model, value, path, refusals)
    : Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [
          key,
          convert(type.map, inner, `${path}.${key}`, refusals),
        ]),
      );
}

/** Limits of AutoRest that the packages publish; others would pass unseen, so they are an error. */
function checkLimits(
  path: string,
  value: unknown,
  limits: Limits | undefined,
  refusals: Refusal[],
): void {
  if (limits === undefined || value === UNKNOWN) {
    return;
  }
  const broken = Object.entries(limits).find(([name, limit]) => !within(name, limit, value));
  if (broken !== undefined) {
    const [name, limit] = broken;
    const message = `The value ${JSON.stringify(value)} of '${path}' breaks ${name} ${limit}.`;
    refusals.push({ path, code: "InvalidParameter", message });
  }
}

function within(name: string, limit: string | number, value: unknown): boolean {
  const length = typeof value === "string" || Array.isArray(value) ? value.length : 0;
  switch (name) {
    case "Pattern":
      return new RegExp(String(limit)).test(String(value));
    case "MinLength":
    case "MinItems":
      return length >= Number(limit);
    case "MaxLength":
    case "MaxItems":
      return length <= Number(limit);
    case "InclusiveMinimum":
      return Number(value) >= Number(limit);
    case "InclusiveMaximum":
      return Number(value) <= Number(limit);
    case "ExclusiveMinimum":
      return Number(value) > Number(limit);
    case "ExclusiveMaximum":
      return Number(value) < Number(limit);
    default:
      throw new Error(`the limit ${name} of Azure's models is not supported`);
  }
}

function missingProperty(path: string): Refusal {
  return path === "location"
    ? {
        path,
        code: "LocationRequired",
        message: "The location property is required for this definition.",
      }
    : invalid(path, `Required property '${path}' is missing.`);
}

function wrongType(path: string, value: unknown, type: string): Refusal {
  const message = `Error converting value ${JSON.stringify(value)} to type '${type}'. Path '${path}'.`;
  return invalid(path, message);
}

function invalid(path: string, message: string): Refusal {
  return { path, code: "InvalidRequestFormat", message: `Cannot parse the request. ${message}` };
}
