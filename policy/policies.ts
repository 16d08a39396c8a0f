/** Every policy that the plan and the engine check resources against. */
import { checkProgram } from "@fogline/azure-checks/check";
import { describeRefusal } from "@fogline/azure-checks/refusal";

import { disksEncrypted, resourcesTagged } from "./azure-resources.ts";
import {
  noKubernetesPortPublic,
  publicAddressesAsPlanned,
  sshNotFromEverywhere,
} from "./network.ts";
import { namespacesDenyByDefault } from "./isolation.ts";
import { objectsHaveOneOwner } from "./objects.ts";
import { podsFitTheirNamespace } from "./pod-security.ts";
import { imagesByDigest, podsAreNotRoot, podsHaveLimits } from "./pods.ts";
import type { Exemptions, Policy, StackPolicy } from "./policy.ts";
import { noPlainSecret, secretsAreMarked } from "./secrets.ts";

/** Policies that apply to the plan and to the engine. */
export const policies = (exempt: Exemptions): readonly Policy[] => [
  sshNotFromEverywhere,
  noKubernetesPortPublic,
  publicAddressesAsPlanned(exempt),
  disksEncrypted,
  resourcesTagged,
  imagesByDigest,
  podsHaveLimits,
  podsAreNotRoot,
  noPlainSecret,
];

/** Policies that only the plan can check: the engine hands secrets to a pack unmarked. */
export const planPolicies = (exempt: Exemptions): readonly Policy[] => [
  ...policies(exempt),
  secretsAreMarked,
];

/** Policies over all resources together: a reference is right or wrong by what it refers to. */
export const STACK_POLICIES: readonly StackPolicy[] = [
  objectsHaveOneOwner,
  {
    name: "azure-accepts-it",
    description: "Every request keeps to Azure's published models and rules.",
    check: (resources) =>
      checkProgram(resources).map((finding) => ({
        name: finding.resource,
        message: `${finding.path}: ${describeRefusal(finding)}`,
      })),
  },
  namespacesDenyByDefault,
  podsFitTheirNamespace,
];
