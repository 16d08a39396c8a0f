/** What Traefik is told by files and arguments, apart from where it finds Ingress objects. Pure. */
import { stringify } from "yaml";

import { GRACE_SECONDS, ROUTES_PATH, STATUS_PORT, VISITORS } from "../../components/k3s/gate.ts";
import type { Timers } from "../../config/failover.ts";
import { middlewares } from "./retries.ts";

/** Above that of every rule: Traefik takes a rule's length where none is given. */
const FIRST = 1_000_000;

/** Traefik's dynamic configuration. */
export function dynamicConfiguration(timers: Timers): string {
  return stringify({
    http: {
      middlewares: middlewares(timers),
      routers: {
        // Of Traefik's API, this path alone, and on the loopback interface alone.
        routes: {
          entryPoints: ["ping"],
          rule: `Path(\`${ROUTES_PATH}\`)`,
          priority: FIRST,
          service: "api@internal",
        },
      },
    },
  });
}

/**
 * Traefik's arguments for its ports. Once it is told to end it takes visitors for a moment, in which the node has later
 * ones wait for the controller that comes after it (components/k3s/scripts/gate.sh).
 */
export function entryPointArguments(): string[] {
  return [
    ...Object.entries(VISITORS).flatMap(([name, port]) => [
      `--entrypoints.${name}.address=:${port}`,
      `--entrypoints.${name}.transport.lifecycle.requestacceptgracetimeout=${GRACE_SECONDS}s`,
    ]),
    `--entrypoints.ping.address=127.0.0.1:${STATUS_PORT}`,
    "--ping=true",
    "--ping.entrypoint=ping",
    "--api=true",
    "--api.dashboard=false",
  ];
}
