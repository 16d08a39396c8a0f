/** Clients of the API that are written with Kubernetes' client-go: kubelet, and ingress controllers such as Traefik. */
import { given, type Timers } from "../../config/failover.ts";

/**
 * Variables by which they learn when a connection that says nothing is dead (k8s.io/apimachinery,
 * pkg/util/net/http.go): the machine at its other end may have lost its power. Only those that differ from their own
 * 30 and 15 s.
 */
export function clientEnvironment(timers: Timers): Readonly<Record<string, string>> {
  const variables = {
    HTTP2_READ_IDLE_TIMEOUT_SECONDS: given(timers, "pingIdleSeconds"),
    HTTP2_PING_TIMEOUT_SECONDS: given(timers, "pingTimeoutSeconds"),
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
}
