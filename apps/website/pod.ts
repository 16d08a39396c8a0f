/** One pod of the website. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { given, type Timers } from "../../config/failover.ts";
import type { PodGroup } from "../network-policy.ts";
import type { DatabaseAddress } from "../offers.ts";
import { leavesAfter, WORKERS_ONLY } from "../placement.ts";
import { UNPRIVILEGED } from "../unprivileged.ts";

/** Its pods, in their namespace. */
export const PODS: PodGroup = { namespace: "website", labels: { app: "website" } };
/** Port that its pods listen on. */
export const PORT = 8080;
/** Seconds between the end of readiness and the end of accepting: endpoints follow in this time. */
const DRAIN = 5;

/**
 * Half of the pods on the edge, half in the cloud (S0-44), however many nodes a tier has. Inside a
 * tier evenness is a wish: two rules that bind contradict each other where tiers differ in size.
 */
const SPREAD = [
  { topologyKey: "tier", whenUnsatisfiable: "DoNotSchedule" },
  { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
] as const;

/** Where the database's password is mounted. */
const SECRETS = "/run/secrets/database";

/** What the server in a pod is told by its environment, but for what differs from pod to pod. */
export function serverSettings(
  database: DatabaseAddress,
  timers: Timers,
): Record<string, pulumi.Input<string>> {
  const patience = given(timers, "databaseMs");
  return {
    PORT: String(PORT),
    DRAIN_SECONDS: String(DRAIN),
    DATABASE_HOST: database.host,
    DATABASE_PORT: String(database.port),
    DATABASE_NAME: database.name,
    DATABASE_USER: database.user,
    DATABASE_PASSWORD_FILE: `${SECRETS}/password`,
    ...(patience === undefined ? {} : { DATABASE_TIMEOUT_MS: String(patience) }),
  };
}

/**
 * The pod's specification: spread over tiers and nodes, never on the control plane.
 *
 * @param config name of the ConfigMap that holds the server's settings
 */
export function websitePod(
  image: pulumi.Input<string>,
  database: DatabaseAddress,
  config: pulumi.Input<string>,
  timers: Timers,
): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: DRAIN + 25,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      seccompProfile: { type: "RuntimeDefault" },
    },
    affinity: WORKERS_ONLY,
    topologySpreadConstraints: SPREAD.map((rule) => ({
      ...rule,
      maxSkew: 1,
      // A dead node is tainted: its pods may then crowd the others instead of waiting for it.
      nodeTaintsPolicy: "Honor",
      labelSelector: { matchLabels: PODS.labels },
      matchLabelKeys: ["pod-template-hash"],
    })),
    tolerations: leavesAfter(timers.tolerationSeconds),
    containers: [
      {
        name: "website",
        image,
        ports: [{ name: "http", containerPort: PORT }],
        envFrom: [{ configMapRef: { name: config } }],
        env: [
          { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
        ],
        resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "192Mi" } },
        readinessProbe: {
          httpGet: { path: "/readyz", port: "http" },
          periodSeconds: timers.readinessSeconds,
        },
        livenessProbe: {
          httpGet: { path: "/healthz", port: "http" },
          periodSeconds: 10,
          timeoutSeconds: 5,
        },
        securityContext: UNPRIVILEGED,
        volumeMounts: [{ name: "password", mountPath: SECRETS, readOnly: true }],
      },
    ],
    volumes: [
      {
        name: "password",
        secret: { secretName: database.passwordSecret, defaultMode: 0o440 },
      },
    ],
  };
}
