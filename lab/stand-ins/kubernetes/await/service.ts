/** Service and Ingress: something answers behind them. */
import type { JsonObject } from "@fogline/pulumi-kit/json";

import { listAt, objectAt, stringAt } from "../values.ts";
import { explainEvents, explainPods, listIn, selectorText } from "./pods.ts";
import { done, waiting, type Readiness, type Scope } from "./wait.ts";

interface Endpoints {
  ready: number;
  notReady: number;
}

async function endpointsOf(service: string, scope: Scope): Promise<Endpoints> {
  const slices = await listIn(scope, "/apis/discovery.k8s.io/v1", "endpointslices", {
    labelSelector: `kubernetes.io/service-name=${service}`,
  });
  const endpoints = slices.flatMap((slice) => listAt(slice, "endpoints"));
  // An absent `ready` counts as ready, as the API says.
  const ready = endpoints.filter(
    (endpoint) => objectAt(endpoint, "conditions")["ready"] !== false,
  ).length;
  return { ready, notReady: endpoints.length - ready };
}

const selectsPods = (live: JsonObject): boolean =>
  Object.keys(objectAt(live, "spec", "selector")).length > 0 &&
  stringAt(live, "spec", "type") !== "ExternalName";

const balancerAddresses = (live: JsonObject): number =>
  listAt(live, "status", "loadBalancer", "ingress").length;

/**
 * At least one ready endpoint; for type LoadBalancer an address too. Headless Services, those of
 * type ExternalName and those without a selector have nothing of the kind to wait for.
 */
export const service: Readiness = {
  async look(live, scope) {
    const headless = stringAt(live, "spec", "clusterIP") === "None";
    if (!selectsPods(live) || headless) {
      return done("the service selects no pods of its own");
    }
    const { ready, notReady } = await endpointsOf(scope.ref.name, scope);
    if (ready === 0) {
      return waiting(
        notReady > 0
          ? `no ready endpoint, ${notReady} not ready`
          : "no endpoint yet: no pod matches the selector",
      );
    }
    if (stringAt(live, "spec", "type") === "LoadBalancer" && balancerAddresses(live) === 0) {
      return waiting("the load balancer has no address yet");
    }
    return done(`${ready} endpoints`);
  },
  async explain(live, scope) {
    const labelSelector = selectorText(objectAt(live, "spec", "selector"));
    const pods = await listIn(scope, "/api/v1", "pods", { labelSelector });
    const about =
      pods.length === 0 ? [`no pod in the namespace has the labels ${labelSelector}`] : [];
    return [...about, ...(await explainEvents(live, scope)), ...(await explainPods(pods, scope))];
  },
};

/** The Services that an Ingress sends requests to. */
function backends(live: JsonObject): string[] {
  const paths = listAt(live, "spec", "rules").flatMap((rule) => listAt(rule, "http", "paths"));
  const found = [
    objectAt(live, "spec", "defaultBackend"),
    ...paths.map((path) => objectAt(path, "backend")),
  ]
    .map((backend) => stringAt(backend, "service", "name"))
    .filter((name) => name !== undefined);
  return [...new Set(found)];
}

/** Why a backend Service cannot answer yet; undefined when it can. */
async function backendTrouble(name: string, scope: Scope): Promise<string | undefined> {
  const [live] = await listIn(scope, "/api/v1", "services", {
    fieldSelector: `metadata.name=${name}`,
  });
  if (live === undefined) {
    return `service ${name} does not exist`;
  }
  if (stringAt(live, "spec", "type") === "ExternalName") {
    return undefined;
  }
  const { ready } = await endpointsOf(name, scope);
  return ready > 0 ? undefined : `service ${name} has no ready endpoint`;
}

/** Every backend has an endpoint, and the ingress controller has published an address. */
export const ingress: Readiness = {
  async look(live, scope) {
    for (const name of backends(live)) {
      const trouble = await backendTrouble(name, scope);
      if (trouble !== undefined) {
        return waiting(trouble);
      }
    }
    return balancerAddresses(live) > 0
      ? done("the ingress has an address")
      : waiting("the ingress controller has published no address yet (status.loadBalancer)");
  },
  explain: (live, scope) => explainEvents(live, scope),
};
