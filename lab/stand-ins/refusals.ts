/** What the stand-ins refuse alike. */
import type { Problem, Properties } from "@fogline/pulumi-kit/values";

/** A problem for every input that is not among those supported. */
export function refuseUnknown(
  type: string,
  supported: readonly string[],
  inputs: Properties,
): Problem[] {
  return Object.keys(inputs)
    .filter((key) => !supported.includes(key) && !key.startsWith("__"))
    .map((property) => ({
      property,
      reason: `the lab's stand-in for ${type} does not support ${property}`,
    }));
}

/** A problem for every input that has to be there and is not. */
export function refuseMissing(
  type: string,
  required: readonly string[],
  inputs: Properties,
): Problem[] {
  return required
    .filter((key) => inputs[key] === undefined || inputs[key] === null)
    .map((property) => ({ property, reason: `${type} needs ${property}` }));
}
