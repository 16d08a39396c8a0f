/** The policy pack: `pulumi preview --policy-pack policy`. */
import { PolicyPack } from "@pulumi/policy";

import { exemptionsOf } from "../apps/exemptions.ts";
import { APPS } from "../apps/index.ts";
import { PRICES } from "./cost.ts";
import { budgetValidation, stackValidation, validation } from "./engine.ts";
import { namespacesDenyByDefault } from "./isolation.ts";
import { podsFitTheirNamespace } from "./pod-security.ts";
import { policies } from "./policies.ts";

new PolicyPack("fogline", {
  enforcementLevel: "mandatory",
  policies: [
    ...policies(exemptionsOf(APPS)).map(validation),
    stackValidation(namespacesDenyByDefault),
    stackValidation(podsFitTheirNamespace),
    budgetValidation(PRICES),
  ],
});
