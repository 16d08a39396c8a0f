/** The policy pack: `pulumi preview --policy-pack policy`. */
import { PolicyPack } from "@pulumi/policy";

import { PRICES } from "./cost.ts";
import { budgetValidation, stackValidation, validation } from "./engine.ts";
import { namespacesDenyByDefault } from "./isolation.ts";
import { POLICIES } from "./policies.ts";

new PolicyPack("fogline", {
  enforcementLevel: "mandatory",
  policies: [
    ...POLICIES.map(validation),
    stackValidation(namespacesDenyByDefault),
    budgetValidation(PRICES),
  ],
});
