/**
 * Moves the website's pods back after an outage. Kubernetes places a pod once: those that fled from
 * a dead node stay where they fled to, and the node that is back serves nothing.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import type { Namespace } from "../app.ts";
import { createConfigMap } from "../config-map.ts";
import { allow, denyByDefault } from "../isolation.ts";
import type { Connection } from "../network-policy.ts";
import { podSecurityLabels } from "../pod-security.ts";
import { CLOUD_ONLY, ON_CONTROL_PLANE } from "../placement.ts";
import { grant, WATCH } from "../rights.ts";
import { UNPRIVILEGED } from "../unprivileged.ts";
import { NAME, PODS } from "./pods.ts";

export interface DeschedulerArgs {
  /** Kubernetes' descheduler, v0.30 or newer. */
  readonly image: string;
  /** Seconds between two looks. */
  readonly intervalSeconds: number;
  /** Namespaces whose pods are moved. */
  readonly namespaces: readonly Namespace[];
  /** Connections that its pods may take part in. */
  readonly connections: readonly Connection[];
}

const PLUGIN = "RemovePodsViolatingTopologySpreadConstraint";

/** The whole cluster, as it reckons what fits where. */
const SEES = [
  {
    apiGroups: [""],
    resources: ["nodes", "namespaces", "pods", "persistentvolumeclaims"],
    verbs: WATCH,
  },
  { apiGroups: ["scheduling.k8s.io"], resources: ["priorityclasses"], verbs: WATCH },
  { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: WATCH },
];

/** In its namespaces alone; each eviction is told of as an event of the pod's. */
const EVICTS = [
  { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
  { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
];

/**
 * The descheduler with one plugin: pods that break their own spread rule are evicted, within their
 * disruption budget, and the scheduler places them anew. Costs about 32 MiB of memory.
 */
export class Descheduler extends pulumi.ComponentResource {
  constructor(name: string, args: DeschedulerArgs, opts?: pulumi.ComponentResourceOptions) {
    const { image, intervalSeconds, namespaces } = args;
    const inputs = { image, intervalSeconds, namespaces: namespaces.map(({ name: each }) => each) };
    super("fogline:descheduler:Descheduler", name, inputs, opts);
    const child = { parent: this };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: NAME, labels: podSecurityLabels("restricted") } },
      child,
    ).metadata.name;
    const metadata = { name: NAME, namespace, labels: { app: NAME } };
    const account = new k8s.core.v1.ServiceAccount(`${name}-account`, { metadata }, child);
    const data = {
      "policy.yaml": pulumi.all(args.namespaces.map(({ created }) => created)).apply(policy),
    };
    const config = createConfigMap(`${name}-config`, metadata, data, child);
    const rights = grant(
      name,
      { account, everywhere: SEES, inNamespaces: EVICTS, namespaces: args.namespaces },
      child,
    );
    const allowed = allow(`${name}-policy`, metadata, PODS, args.connections, child);
    const isolated = denyByDefault(name, namespace, { ...child, after: [allowed] });
    new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata,
        spec: {
          replicas: 1,
          // Two that look at the same pods would evict more than either means to.
          strategy: { type: "Recreate" },
          selector: { matchLabels: { app: NAME } },
          template: {
            metadata: {
              labels: { app: NAME },
              // It reads its policy once, so another one needs another pod.
              annotations: { "fogline/policy": data["policy.yaml"] },
            },
            spec: podSpec(args, account.metadata.name, config.metadata.name),
          },
        },
      },
      // It asks the API as soon as it runs, and nobody else.
      { ...child, dependsOn: [...rights, isolated] },
    );
    this.registerOutputs({});
  }
}

function policy(namespaces: readonly string[]): string {
  return stringify({
    apiVersion: "descheduler/v1alpha2",
    kind: "DeschedulerPolicy",
    profiles: [
      {
        name: "spread",
        pluginConfig: [
          // No pod is evicted that has nowhere to go.
          { name: "DefaultEvictor", args: { nodeFit: true } },
          {
            name: PLUGIN,
            args: {
              // Rules that are wishes may contradict each other, and pods would wander for ever.
              constraints: ["DoNotSchedule"],
              namespaces: { include: [...namespaces] },
            },
          },
        ],
        plugins: { balance: { enabled: [PLUGIN] } },
      },
    ],
  });
}

function podSpec(
  args: DeschedulerArgs,
  serviceAccountName: pulumi.Output<string>,
  config: pulumi.Output<string>,
): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName,
    enableServiceLinks: false,
    affinity: CLOUD_ONLY,
    tolerations: [ON_CONTROL_PLANE],
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65534,
      runAsGroup: 65534,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: NAME,
        image: args.image,
        command: ["/bin/descheduler"],
        args: [
          "--policy-config-file=/etc/descheduler/policy.yaml",
          `--descheduling-interval=${args.intervalSeconds}s`,
          "--disable-metrics",
        ],
        livenessProbe: {
          httpGet: { path: "/healthz", port: 10258, scheme: "HTTPS" },
          periodSeconds: 10,
        },
        resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "128Mi" } },
        securityContext: UNPRIVILEGED,
        volumeMounts: [{ name: "config", mountPath: "/etc/descheduler", readOnly: true }],
      },
    ],
    volumes: [{ name: "config", configMap: { name: config } }],
  };
}
