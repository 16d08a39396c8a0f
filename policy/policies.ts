/** Every policy that the plan and the engine check resources against. */
import { disksEncrypted, resourcesTagged } from "./azure-resources.ts";
import {
  noKubernetesPortPublic,
  publicAddressesAsPlanned,
  sshNotFromEverywhere,
} from "./network.ts";
import { imagesByDigest, podsAreNotRoot, podsHaveLimits } from "./pods.ts";
import type { Policy } from "./policy.ts";
import { noPlainSecret, secretsAreMarked } from "./secrets.ts";

/** Policies that hold wherever resources are looked at. */
export const POLICIES: readonly Policy[] = [
  sshNotFromEverywhere,
  noKubernetesPortPublic,
  publicAddressesAsPlanned,
  disksEncrypted,
  resourcesTagged,
  imagesByDigest,
  podsHaveLimits,
  podsAreNotRoot,
  noPlainSecret,
];

/** Policies that only the plan can check: the engine hands secrets to a pack unmarked. */
export const PLAN_POLICIES: readonly Policy[] = [...POLICIES, secretsAreMarked];
