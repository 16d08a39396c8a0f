/** The policies as the engine runs them: `pulumi preview --policy-pack policy`. */
import { PolicyPack, type ResourceValidationPolicy } from "@pulumi/policy";

import { POLICIES } from "./policies.ts";
import type { Policy } from "./policy.ts";
import { UNKNOWN } from "./values.ts";

new PolicyPack("fogline", { enforcementLevel: "mandatory", policies: POLICIES.map(validation) });

function validation({ name, description, check }: Policy): ResourceValidationPolicy {
  return {
    name,
    description,
    validateResource: ({ urn, type, name: resource, props }, report) => {
      const inputs = known(props) as Record<string, unknown>;
      for (const message of check({ urn, type, name: resource, inputs })) {
        report(message);
      }
    },
  };
}

/** Plain values: reading one that a preview cannot know throws, and the rest is to be checked. */
function known(value: unknown): unknown {
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) => read(value, index));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.keys(value).map((key) => [key, read(value, key)]))
    : value;
}

function read(holder: object, key: string | number): unknown {
  try {
    return known((holder as Record<string | number, unknown>)[key]);
  } catch (error) {
    if (error instanceof Error && error.message.includes("can't be known during preview")) {
      return UNKNOWN;
    }
    throw error;
  }
}
