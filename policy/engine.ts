/** The policies in the form that the engine runs. */
import { UNKNOWN } from "@fogline/pulumi-kit/signatures";
import type { ResourceValidationPolicy, StackValidationPolicy } from "@pulumi/policy";

import { estimate, type PriceTable } from "./cost.ts";
import { sizesInsideBudget } from "./budget.ts";
import type { Policy, StackPolicy } from "./policy.ts";

/** A policy over one resource. */
export function validation({ name, description, check }: Policy): ResourceValidationPolicy {
  return {
    name,
    description,
    validateResource: ({ urn, type, name: resource, props }, report) => {
      for (const message of check({ urn, type, name: resource, inputs: known(props) })) {
        report(message);
      }
    },
  };
}

/** A policy over all resources together. */
export function stackValidation({ name, description, check }: StackPolicy): StackValidationPolicy {
  return {
    name,
    description,
    validateStack: ({ resources }, report) => {
      const declared = resources.map(({ props, ...rest }) => ({ ...rest, inputs: known(props) }));
      const urns = new Map(declared.map((each) => [each.name, each.urn]));
      for (const found of check(declared)) {
        report(`${found.name}: ${found.message}`, urns.get(found.name));
      }
    },
  };
}

/** The policy over what all resources cost together. */
export function budgetValidation(table: PriceTable): StackValidationPolicy {
  const { name, description, check } = sizesInsideBudget;
  return {
    name,
    description,
    validateStack: ({ resources }, report) => {
      const cost = estimate(
        resources.map((each) => ({ ...each, inputs: known(each.props) })),
        table,
      );
      for (const message of [...check(cost), ...cost.missing.map((error) => error.message)]) {
        report(message);
      }
    },
  };
}

/** Plain values: reading one that a preview cannot know throws, and the rest is to be checked. */
function known(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.keys(fields).map((key) => [key, read(fields, key)]));
}

function read(holder: object, key: string | number): unknown {
  try {
    const value = (holder as Record<string | number, unknown>)[key];
    if (Array.isArray(value)) {
      return Array.from({ length: value.length }, (_, index) => read(value, index));
    }
    return typeof value === "object" && value !== null ? known(value) : value;
  } catch (error) {
    if (error instanceof Error && error.message.includes("can't be known during preview")) {
      return UNKNOWN;
    }
    throw error;
  }
}
