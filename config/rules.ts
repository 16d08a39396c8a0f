/** Rules between settings: what fits no part of a stack alone, or contradicts another part. */
import { flannelRules } from "./flannel.ts";
import { imageRules } from "./image-rules.ts";
import type { Known } from "./known.ts";
import { nameRules } from "./name-rules.ts";
import { portRules } from "./port-rules.ts";
import type { Problem } from "./problems.ts";
import { rangeRules } from "./range-rules.ts";
import { registryRules } from "./registries.ts";

/** Every broken rule between the settings that are right in themselves. */
export function crossRules(known: Known): Problem[] {
  return [
    ...rangeRules(known),
    ...nameRules(known),
    ...imageRules(known),
    ...portRules(known),
    ...registryRules(known),
    ...flannelRules(known),
  ];
}
