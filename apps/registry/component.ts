/** The cluster's registry for images that are built from this checkout. */

import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Timers } from "../../config/failover.ts";
import { createConfigMap } from "../config-map.ts";
import { allow } from "../isolation.ts";
import type { Connection } from "../network-policy.ts";
import { staysWithItsVolume } from "../placement.ts";
import { UNPRIVILEGED } from "../unprivileged.ts";
import { CONFIG, NAME, PODS, PULL_PORT, STORE } from "./config.ts";

export interface RegistryArgs {
  readonly namespace: pulumi.Input<string>;
  /** The distribution project's registry, version 2.8 or newer. */
  readonly image: string;
  /** Size of the volume, as a Kubernetes quantity. */
  readonly storage: string;
  readonly timers: Timers;
  /** Address of its Service. */
  readonly address: string;
  /** Connections that its pod may take part in. */
  readonly connections: readonly Connection[];
}

type Metadata = k8s.types.input.meta.v1.ObjectMeta & { readonly name: string };

/** Where the configuration is mounted. */
const CONFIG_FOLDER = "/etc/fogline-registry";

/**
 * One pod on a cloud node, its volume, configuration, Service and network policy. Two servers share the
 * volume: one that only reads, for the nodes, and one that also writes, on the pod's loopback. Costs
 * about 50 MiB of memory, and what the images take on the node's disk.
 */
export class Registry extends pulumi.ComponentResource {
  /** What allows its connections. */
  readonly isolation: pulumi.Resource;
  /** Done when images can be put in and pulled. */
  readonly ready: readonly pulumi.Resource[];
  /** Another one when the volume is another one, and empty. */
  readonly volume: pulumi.Output<string>;

  constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    const { namespace, image, storage, address, connections } = args;
    super("fogline:registry:Registry", name, { image, storage, address }, opts);
    const child = { parent: this };
    const metadata = { name: NAME, namespace, labels: PODS.labels };
    const volume = createVolume(name, metadata, storage, child);
    const { uid } = volume.metadata;
    // A plan does not know it yet.
    this.volume = uid.apply((known: string | undefined) => known ?? "");
    const server = createServer(name, metadata, { ...args, volume }, child);
    const service = createService(name, metadata, { address, server }, child);
    this.isolation = allow(`${name}-policy`, metadata, PODS, connections, child);
    this.ready = [service, this.isolation];
    this.registerOutputs({});
  }
}

function createVolume(
  name: string,
  metadata: Metadata,
  storage: string,
  child: pulumi.CustomResourceOptions,
): k8s.core.v1.PersistentVolumeClaim {
  return new k8s.core.v1.PersistentVolumeClaim(
    `${name}-volume`,
    {
      // It is bound once a pod uses it, which waits for this.
      metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
    },
    child,
  );
}

function createServer(
  name: string,
  metadata: Metadata,
  args: RegistryArgs & { readonly volume: k8s.core.v1.PersistentVolumeClaim },
  child: pulumi.CustomResourceOptions,
): k8s.apps.v1.Deployment {
  const config = createConfigMap(`${name}-config`, metadata, CONFIG, child);
  return new k8s.apps.v1.Deployment(
    `${name}-server`,
    {
      metadata,
      spec: {
        replicas: 1,
        // One at a time writes to the volume.
        strategy: { type: "Recreate" },
        selector: { matchLabels: PODS.labels },
        template: {
          metadata: { labels: PODS.labels },
          spec: podSpec(args, config.metadata.name, args.volume.metadata.name),
        },
      },
    },
    child,
  );
}

function createService(
  name: string,
  metadata: Metadata,
  { address, server }: { address: string; server: pulumi.Resource },
  child: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  return new k8s.core.v1.Service(
    `${name}-service`,
    {
      metadata,
      spec: {
        selector: PODS.labels,
        clusterIP: address,
        ports: [{ name: "pull", port: PULL_PORT, targetPort: "pull" }],
      },
    },
    // The Service is waited for until it has an endpoint.
    { ...child, dependsOn: [server] },
  );
}

function podSpec(
  { image, timers }: RegistryArgs,
  config: pulumi.Input<string>,
  volume: pulumi.Input<string>,
): k8s.types.input.core.v1.PodSpec {
  const server = (
    role: "pull" | "push",
    more: Partial<k8s.types.input.core.v1.Container>,
  ): k8s.types.input.core.v1.Container => ({
    name: role,
    image,
    args: ["serve", `${CONFIG_FOLDER}/${role}.yaml`],
    // Version 3 would look for a collector of traces.
    env: [{ name: "OTEL_TRACES_EXPORTER", value: "none" }],
    resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "256Mi" } },
    securityContext: UNPRIVILEGED,
    volumeMounts: [
      { name: "images", mountPath: STORE, readOnly: role === "pull" },
      { name: "config", mountPath: CONFIG_FOLDER, readOnly: true },
    ],
    ...more,
  });
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      seccompProfile: { type: "RuntimeDefault" },
    },
    // The volume is local to its node, and an edge device keeps its disk and its uplink for itself.
    nodeSelector: { tier: "cloud" },
    ...staysWithItsVolume(timers),
    containers: [
      server("pull", {
        ports: [{ name: "pull", containerPort: PULL_PORT }],
        readinessProbe: { httpGet: { path: "/v2/", port: "pull" }, periodSeconds: 2 },
      }),
      server("push", {}),
    ],
    volumes: [
      { name: "images", persistentVolumeClaim: { claimName: volume } },
      { name: "config", configMap: { name: config } },
    ],
  };
}
