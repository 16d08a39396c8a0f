/** Chapter 3 of the benchmark: who logs in, and what is logged. */
import { parse } from "yaml";

import type { Facts } from "./facts.ts";
import {
  always,
  argument,
  fail,
  given,
  listAt,
  servers,
  textAt,
  unless,
  type Check,
  type Outcome,
} from "./rules.ts";

/** Chapter 3. */
export const PEOPLE: readonly Check[] = [
  {
    id: "3.1.1",
    title: "No person logs in with a certificate",
    look: always(
      "ACCEPTED",
      "the stack has no identity provider; the operator's kubeconfig holds the one certificate of an administrator, " +
        "which lives a year, and is a secret of the stack's state",
    ),
  },
  {
    id: "3.1.2",
    title: "No person logs in with a service account's token",
    look: always(
      "ACCEPTED",
      "the stack has no identity provider; administrators of machines look at the cluster with tokens that may only " +
        "read and are deleted with their node, users of the dashboard with tokens that end within hours",
    ),
  },
  {
    id: "3.1.3",
    title: "No person logs in with a bootstrap token",
    look: ({ cluster }) =>
      unless(
        cluster.bootstrapTokens.map((name) => `${name} is a bootstrap token: kubectl delete it`),
        "there is none",
      ),
  },
  {
    id: "3.2.1",
    title: "A policy says what is logged",
    look: argument("kube-apiserver", "audit-policy-file", given),
  },
  { id: "3.2.2", title: "The policy covers what matters", look: audits },
];

/** What the benchmark wants written down without its content, at least. */
const AUDITED = [
  ...["secrets", "configmaps", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"],
  "tokenreviews",
];

function audits(facts: Facts): Outcome {
  const wrong = servers(facts).flatMap(({ name, audit }) => {
    if (audit === undefined) {
      return [`${name}: has no policy in /etc/rancher/k3s`];
    }
    const rules = listAt(parse(audit), "rules");
    const first = rules[0];
    const named = listAt(first, "resources").flatMap((group) => listAt(group, "resources"));
    const missing = AUDITED.filter((resource) => !named.includes(resource));
    const last = textAt(rules.at(-1), "level");
    return [
      ...(textAt(first, "level") === "Metadata" ? [] : [`${name}: its first rule is not Metadata`]),
      ...missing.map((resource) => `${name}: its first rule leaves out ${resource}`),
      ...(["Metadata", "Request", "RequestResponse"].includes(last)
        ? []
        : [`${name}: what no rule names is not logged`]),
    ];
  });
  return servers(facts).length === 0
    ? fail("no server was looked at")
    : unless(wrong, `${AUDITED.length} kinds by name, and the rest by the last rule`);
}
