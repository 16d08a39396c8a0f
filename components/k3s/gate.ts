/** What an ingress controller and the program that has visitors wait for it (scripts/gate.sh) agree on. Pure. */
import { unitFile } from "../remote/unit-file.ts";

/** Ports of an agent at which visitors arrive. */
export const VISITORS = { web: 80, websecure: 443 } as const;

/** Port on the loopback interface where the ingress controller tells that it answers, and of its routes. */
export const STATUS_PORT = 8082;

/** Path there at which it lists its routes, as Traefik's API does. */
export const ROUTES_PATH = "/api/http/routers";

/** Traefik's name of the provider that its routes come from: Ingress objects. */
const PROVIDER = "kubernetes";

/**
 * How long the ingress controller takes visitors after it was told to end, seconds. The gate is closed within some
 * ten milliseconds, within some hundred where kube-proxy is writing its rules just then (`iptables --wait`).
 */
export const GRACE_SECONDS = 1;

/**
 * How long visitors wait for a controller that is gone, seconds. A start takes one to two where the image is there;
 * the rest is for fetching another one. Later packets of a visitor come 1, 3, 7 and 15 s after the first.
 */
const PATIENCE_SECONDS = 30;

/** The unit that runs the program. */
export function gateService(program: string): string {
  const ports = Object.values(VISITORS).join(",");
  return unitFile({
    Unit: {
      Description: "Have visitors wait while the ingress controller is started anew",
      After: "k3s-agent.service",
    },
    Service: {
      ExecStart: `${program} watch ${ports} ${STATUS_PORT} ${PROVIDER} ${PATIENCE_SECONDS}`,
      ExecStopPost: `${program} clear`,
      Nice: {
        why: "On a busy node it must close in time.",
        value: "-10",
      },
      Restart: "always",
      RestartSec: "5s",
    },
    Install: { WantedBy: "multi-user.target" },
  });
}
