/** Claims of storage. */
import type { JsonObject } from "@fogline/pulumi-kit/json";

import { objectAt, stringAt } from "../values.ts";
import { explainEvents } from "./pods.ts";
import { done, failed, waiting, type Readiness, type Scope } from "./wait.ts";

const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

async function storageClass(live: JsonObject, scope: Scope): Promise<JsonObject | undefined> {
  const classes = await scope.cluster.list(
    "/apis/storage.k8s.io/v1/storageclasses",
    {},
    scope.signal,
  );
  const name = stringAt(live, "spec", "storageClassName");
  return classes.find((found) =>
    name === undefined
      ? objectAt(found, "metadata", "annotations")[DEFAULT_CLASS] === "true"
      : stringAt(found, "metadata", "name") === name,
  );
}

/**
 * Bound. A class that waits for the first consumer binds only once a pod uses the claim, and that pod
 * may well depend on this resource: waiting for it would never end.
 */
export const claim: Readiness = {
  defaultTimeoutMs: 300_000,
  async look(live, scope) {
    const phase = stringAt(live, "status", "phase");
    if (phase === "Bound") {
      return done("the claim is bound");
    }
    if (phase === "Lost") {
      return failed("the claim lost its volume");
    }
    const found = await storageClass(live, scope);
    if (stringAt(found, "volumeBindingMode") === "WaitForFirstConsumer") {
      return done("the claim binds when a pod uses it");
    }
    const name = stringAt(found, "metadata", "name");
    return waiting(`not bound yet (${name === undefined ? "no storage class" : `class ${name}`})`);
  },
  explain: (live, scope) => explainEvents(live, scope),
};
