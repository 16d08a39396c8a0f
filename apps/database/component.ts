/** PostgreSQL for one app: on a volume that survives its pod, reachable from that app alone. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

import type { Timers } from "../../config/failover.ts";
import { allow } from "../isolation.ts";
import type { Connection } from "../network-policy.ts";
import type { DatabaseAddress } from "../offers.ts";
import { staysWithItsVolume } from "../placement.ts";
import { NAME, PODS, PORT } from "./pods.ts";

export interface DatabaseArgs {
  readonly namespace: pulumi.Input<string>;
  /** PostgreSQL with the official image's contract. */
  readonly image: string;
  /** Size of the volume, as a Kubernetes quantity. */
  readonly storage: string;
  readonly timers: Timers;
  /** Connections that its pods may take part in. */
  readonly connections: readonly Connection[];
}

/** User and group of the official image's `postgres`; the volume is given to this group. */
const POSTGRES_ID = 999;

/** A single PostgreSQL on a cloud node, its volume, service, password and network policy. */
export class Database extends pulumi.ComponentResource {
  readonly address: DatabaseAddress;
  /** What allows its connections. */
  readonly isolation: pulumi.Resource;

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    const { namespace, image, storage, connections } = args;
    super("fogline:database:Database", name, { image, storage }, opts);
    const child = { parent: this };
    const metadata = { name: NAME, namespace, labels: PODS.labels };
    const secret = createSecret(name, metadata, child);
    this.address = {
      host: pulumi.interpolate`${NAME}.${namespace}.svc.cluster.local`,
      port: PORT,
      name: "poll",
      user: "poll",
      passwordSecret: secret.metadata.name,
    };
    const server = createServer(name, metadata, args, this.address, child);
    createService(name, metadata, server, child);
    this.isolation = allow(`${name}-clients`, metadata, PODS, connections, child);
    this.registerOutputs({});
  }
}

type Metadata = k8s.types.input.meta.v1.ObjectMeta;

/** The password, which the state and the cluster hold. */
function createSecret(
  name: string,
  metadata: Metadata,
  child: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
  const { result } = new random.RandomPassword(
    `${name}-password`,
    { length: 32, special: false },
    child,
  );
  return new k8s.core.v1.Secret(
    `${name}-secret`,
    {
      metadata: { ...metadata, name: `${NAME}-password` },
      stringData: { password: pulumi.secret(result) },
    },
    child,
  );
}

function createServer(
  name: string,
  metadata: Metadata,
  args: DatabaseArgs,
  address: DatabaseAddress,
  child: pulumi.CustomResourceOptions,
): k8s.apps.v1.StatefulSet {
  const { labels } = PODS;
  return new k8s.apps.v1.StatefulSet(
    `${name}-server`,
    {
      metadata,
      spec: {
        serviceName: NAME,
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(args, address) },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: {
              accessModes: ["ReadWriteOnce"],
              resources: { requests: { storage: args.storage } },
            },
          },
        ],
      },
    },
    child,
  );
}

function createService(
  name: string,
  metadata: Metadata,
  server: pulumi.Resource,
  child: pulumi.CustomResourceOptions,
): k8s.core.v1.Service {
  const { labels } = PODS;
  return new k8s.core.v1.Service(
    `${name}-service`,
    { metadata, spec: { selector: labels, ports: [{ name: "postgres", port: PORT }] } },
    // The service has an endpoint once the server is ready, and is awaited for one.
    { ...child, dependsOn: [server] },
  );
}

function podSpec(args: DatabaseArgs, address: DatabaseAddress): k8s.types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 60,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: POSTGRES_ID,
      runAsGroup: POSTGRES_ID,
      fsGroup: POSTGRES_ID,
      // PostgreSQL refuses a data folder that its group may write to, as mounting would make it.
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    // The volume is local to its node: keep it in the cloud, where the disk outlives a power cut.
    nodeSelector: { tier: "cloud" },
    ...staysWithItsVolume(args.timers),
    containers: [
      {
        name: "postgres",
        image: args.image,
        ports: [{ name: "postgres", containerPort: PORT }],
        env: [
          { name: "POSTGRES_DB", value: address.name },
          { name: "POSTGRES_USER", value: address.user },
          { name: "POSTGRES_PASSWORD_FILE", value: "/run/secrets/database/password" },
          { name: "PGDATA", value: "/var/lib/postgresql/data/pgdata" },
          // A database keeps the locale that it was made in. This one is in every image and sorts by code
          // points, whatever C library a later image has; the official image's own, en_US.utf8, is neither.
          { name: "LANG", value: "C.UTF-8" },
        ],
        resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
        readinessProbe: {
          exec: { command: ["pg_isready", "-h", "127.0.0.1", "-U", address.user] },
          periodSeconds: 5,
          timeoutSeconds: 3,
        },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [
          { name: "data", mountPath: "/var/lib/postgresql/data" },
          { name: "password", mountPath: "/run/secrets/database", readOnly: true },
        ],
      },
    ],
    volumes: [
      {
        name: "password",
        secret: { secretName: address.passwordSecret, defaultMode: 0o440 },
      },
    ],
  };
}
