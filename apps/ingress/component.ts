/** Traefik on every worker node: the cluster's ingress on ports 80 and 443 (S0-47). */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import { clientEnvironment } from "../../components/k3s/api-client.ts";
import { STATUS_PORT, VISITORS } from "../../components/k3s/gate.ts";
import type { Timers } from "../../config/failover.ts";
import type { DaemonSetRef, Namespace } from "../app.ts";
import { createConfigMap } from "../config-map.ts";
import { denyByDefault } from "../isolation.ts";
import type { Ingress, IngressRoute, Repeats } from "../offers.ts";
import { podSecurityLabels } from "../pod-security.ts";
import { WORKERS_ONLY } from "../placement.ts";
import { grant, WATCH } from "../rights.ts";
import { dynamicConfiguration, entryPointArguments } from "./dynamic.ts";
import { CLASS, NAME, NAMESPACE, POD_SECURITY } from "./pods.ts";
import { middlewareOf, timeoutArguments } from "./retries.ts";

export interface IngressControllerArgs {
  /** Traefik v3. */
  readonly image: string;
  /** Namespaces whose Ingress objects are served. */
  readonly namespaces: readonly Namespace[];
  readonly timers: Timers;
  /** Addresses that the internet reaches it at; Ingress objects report the first one as theirs. */
  readonly addresses: pulumi.Output<string[]>;
}

const EVERYWHERE = [
  { apiGroups: [""], resources: ["nodes"], verbs: WATCH },
  { apiGroups: ["networking.k8s.io"], resources: ["ingressclasses"], verbs: WATCH },
];

/** Secrets, which Traefik watches for TLS, are readable in the served namespaces alone. */
const SERVED = [
  { apiGroups: [""], resources: ["services", "secrets"], verbs: WATCH },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: WATCH },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: WATCH },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses/status"], verbs: ["update"] },
];

/** Traefik as a DaemonSet on worker nodes, straight to pod addresses by round robin. */
export class IngressController extends pulumi.ComponentResource implements Ingress {
  /** Class of the Ingress objects it serves. */
  readonly className: pulumi.Output<string>;
  readonly urls: pulumi.Output<string[]>;
  readonly daemonSet: DaemonSetRef;

  constructor(name: string, args: IngressControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    const namespaces = args.namespaces.map(({ name: each }) => each);
    super("fogline:ingress:IngressController", name, { image: args.image, namespaces }, opts);
    const child = { parent: this };
    const namespace = new k8s.core.v1.Namespace(
      `${name}-namespace`,
      { metadata: { name: NAMESPACE, labels: podSecurityLabels(POD_SECURITY) } },
      child,
    ).metadata.name;
    const metadata = { name: NAME, namespace, labels: { app: NAME } };
    const account = new k8s.core.v1.ServiceAccount(`${name}-account`, { metadata }, child);
    const rights = grant(
      name,
      { account, everywhere: EVERYWHERE, inNamespaces: SERVED, namespaces: args.namespaces },
      child,
    );
    const data = { "dynamic.yaml": dynamicConfiguration(args.timers) };
    const config = createConfigMap(`${name}-config`, metadata, data, child);
    const ingressClass = new k8s.networking.v1.IngressClass(
      `${name}-class`,
      { metadata: { name: CLASS }, spec: { controller: "traefik.io/ingress-controller" } },
      child,
    );
    denyByDefault(name, namespace, child);
    const controller = new k8s.apps.v1.DaemonSet(
      `${name}-controller`,
      {
        // Not awaited: a node where it cannot start would keep the website from all others. Whoever
        // deploys it looks at each node at the end (DaemonCheck).
        metadata: { ...metadata, annotations: { "pulumi.com/skipAwait": "true" } },
        spec: {
          selector: { matchLabels: { app: NAME } },
          template: {
            metadata: { labels: { app: NAME } },
            spec: podSpec(args, account.metadata.name, config.metadata.name),
          },
        },
      },
      // It asks the API as soon as it runs.
      { ...child, dependsOn: rights },
    );
    this.className = ingressClass.metadata.name;
    const generation = controller.metadata.apply((found) => String(found.generation));
    this.daemonSet = { namespace, name: NAME, generation };
    this.urls = args.addresses.apply((all) => all.map((address) => `http://${address}/`));
    this.registerOutputs({ className: this.className });
  }

  route(repeats: Repeats): IngressRoute {
    return {
      className: this.className,
      annotations: { "traefik.ingress.kubernetes.io/router.middlewares": middlewareOf(repeats) },
    };
  }
}

function podSpec(
  args: IngressControllerArgs,
  serviceAccountName: pulumi.Output<string>,
  config: pulumi.Output<string>,
): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName,
    // Ports 80 and 443 of the node itself: no load balancer is bought, no hop is added.
    hostNetwork: true,
    dnsPolicy: "ClusterFirstWithHostNet",
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    affinity: WORKERS_ONLY,
    containers: [
      {
        name: NAME,
        image: args.image,
        args: [
          "--global.checknewversion=false",
          "--global.sendanonymoususage=false",
          ...entryPointArguments(),
          "--providers.file.filename=/etc/traefik/dynamic.yaml",
          "--providers.kubernetesingress=true",
          `--providers.kubernetesingress.ingressclass=${CLASS}`,
          pulumi.interpolate`--providers.kubernetesingress.ingressendpoint.ip=${args.addresses.apply(([first = ""]) => first)}`,
          pulumi
            .all(args.namespaces.map(({ created }) => created))
            .apply((names) => `--providers.kubernetesingress.namespaces=${names.join(",")}`),
          ...timeoutArguments(args.timers),
        ],
        // Routes that it does not hear of are wrong: its API's machine may have lost its power.
        ...environment(args.timers),
        ports: Object.entries(VISITORS).map(([port, containerPort]) => ({
          name: port,
          containerPort,
        })),
        resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
        // Why it ended is read from there, a port that another program of the node has for instance.
        terminationMessagePolicy: "FallbackToLogsOnError",
        readinessProbe: {
          httpGet: { host: "127.0.0.1", path: "/ping", port: STATUS_PORT },
          periodSeconds: 2,
        },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          // The two ports are below 1024, which is all that root is wanted for.
          capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
        },
        volumeMounts: [{ name: "config", mountPath: "/etc/traefik", readOnly: true }],
      },
    ],
    volumes: [{ name: "config", configMap: { name: config } }],
  };
}

/** Nothing where nothing differs, so that pods are not made anew for an empty list. */
function environment(timers: Timers): Pick<k8s.types.input.core.v1.Container, "env"> {
  const env = Object.entries(clientEnvironment(timers)).map(([name, value]) => ({ name, value }));
  return env.length === 0 ? {} : { env };
}
