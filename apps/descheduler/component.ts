/**
 * Moves the website's pods back after an outage. Kubernetes places a pod once: those that fled from
 * a dead node stay where they fled to, and the node that is back serves nothing.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";

import { CLOUD_ONLY, ON_CONTROL_PLANE } from "../placement.ts";

export interface DeschedulerArgs {
  /** Kubernetes' descheduler, v0.30 or newer. */
  readonly image: string;
  /** Seconds between two looks. */
  readonly intervalSeconds: number;
  /** Namespaces whose pods are moved. */
  readonly namespaces: readonly pulumi.Input<string>[];
}

const NAME = "descheduler";
const PLUGIN = "RemovePodsViolatingTopologySpreadConstraint";

/**
 * The descheduler with one plugin: pods that break their own spread rule are evicted, within their
 * disruption budget, and the scheduler places them anew. Costs about 32 MiB of memory.
 */
export class Descheduler extends pulumi.ComponentResource {
  constructor(
    name: string,
    private readonly args: DeschedulerArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("fogline:descheduler:Descheduler", name, {}, opts);
    const child = { parent: this };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: NAME } },
      child,
    ).metadata.name;
    const metadata = { name: NAME, namespace, labels: { app: NAME } };
    const account = new k8s.core.v1.ServiceAccount(`${name}-account`, { metadata }, child);
    const data = { "policy.yaml": pulumi.all([...args.namespaces]).apply(policy) };
    const config = new k8s.core.v1.ConfigMap(`${name}-config`, { metadata, data }, child);
    const rights = this.createRights(name, account);
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
      { ...child, dependsOn: rights },
    );
    this.registerOutputs({});
  }

  /** It sees the whole cluster, as it reckons what fits where, and evicts in its namespaces alone. */
  private createRights(name: string, account: k8s.core.v1.ServiceAccount): pulumi.Resource[] {
    const child = { parent: this };
    const apiGroup = "rbac.authorization.k8s.io";
    const subjects = [
      {
        kind: "ServiceAccount",
        name: account.metadata.name,
        namespace: account.metadata.namespace,
      },
    ];
    const watch = ["get", "list", "watch"];
    const core = ["nodes", "namespaces", "pods", "persistentvolumeclaims"];
    const reader = new k8s.rbac.v1.ClusterRole(
      `${name}-cluster-role`,
      {
        metadata: { name: NAME },
        rules: [
          { apiGroups: [""], resources: core, verbs: watch },
          { apiGroups: ["scheduling.k8s.io"], resources: ["priorityclasses"], verbs: watch },
          { apiGroups: ["policy"], resources: ["poddisruptionbudgets"], verbs: watch },
        ],
      },
      child,
    );
    const reading = new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-cluster-binding`,
      {
        metadata: { name: NAME },
        roleRef: { apiGroup, kind: "ClusterRole", name: reader.metadata.name },
        subjects,
      },
      child,
    );
    const evicting = this.args.namespaces.map((namespace, index) => {
      const metadata = { name: NAME, namespace };
      const role = new k8s.rbac.v1.Role(
        `${name}-role-${index}`,
        {
          metadata,
          rules: [
            { apiGroups: [""], resources: ["pods/eviction"], verbs: ["create"] },
            // Each eviction is told of as an event of the pod's.
            { apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
          ],
        },
        child,
      );
      return new k8s.rbac.v1.RoleBinding(
        `${name}-binding-${index}`,
        { metadata, roleRef: { apiGroup, kind: "Role", name: role.metadata.name }, subjects },
        child,
      );
    });
    return [reading, ...evicting];
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
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [{ name: "config", mountPath: "/etc/descheduler", readOnly: true }],
      },
    ],
    volumes: [{ name: "config", configMap: { name: config } }],
  };
}
