/** Azure's published request models, as `models/generate.ts` found them in Azure's own packages. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a value may be. `enum` compares without regard to case, as Azure does. */
export type ValueType =
  | "string"
  | "number"
  | "boolean"
  | "any"
  | { readonly enum: readonly string[] }
  | { readonly model: string }
  | { readonly list: ValueType }
  | { readonly map: ValueType };

/** Limits by the names of AutoRest: `Pattern`, `MinLength`, `InclusiveMaximum` … */
export type Limits = Readonly<Record<string, string | number>>;

export interface Property {
  /** Where the value stands in the body, e.g. `["properties", "hardwareProfile"]`. */
  readonly at: readonly string[];
  readonly type: ValueType;
  readonly required?: boolean;
  /** Azure sets it; a request that holds it is wrong. */
  readonly readOnly?: boolean;
  readonly limits?: Limits;
}

/** Properties by the name that azure-native gives them. */
export type Model = Readonly<Record<string, Property>>;

/** How a type is created. */
export interface PublishedType {
  /** Path of the PUT, with `{names}` in it. */
  readonly path: string;
  readonly apiVersion: string;
  /** Names in the path besides the subscription, outermost first; the last is the resource's own. */
  readonly names: readonly string[];
  /** Model of the body. */
  readonly model: string;
  /** Limits of the names. */
  readonly limits?: Readonly<Record<string, Limits>>;
}

export interface PublishedModels {
  /** Packages and the versions that were read. */
  readonly sources: Readonly<Record<string, string>>;
  readonly types: Readonly<Record<string, PublishedType>>;
  readonly models: Readonly<Record<string, Model>>;
}

/** The models of every type that can be checked. */
export const PUBLISHED = JSON.parse(
  readFileSync(join(import.meta.dirname, "models/azure.json"), "utf8"),
) as PublishedModels;

/** Prefix of every type that Azure makes. */
export const AZURE = "azure-native:";

/** A type's request; undefined where no model was taken over. */
export function publishedType(type: string): PublishedType | undefined {
  return PUBLISHED.types[type];
}

/** A model that another one refers to. */
export function modelOf(name: string): Model {
  return PUBLISHED.models[name] ?? {};
}
