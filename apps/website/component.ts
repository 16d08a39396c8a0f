/** The poll website: its pods over edge and cloud, their service, autoscaler and route. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Timers } from "../../config/failover.ts";
import { createConfigMap } from "../config-map.ts";
import { allow } from "../isolation.ts";
import type { Connection } from "../network-policy.ts";
import type { DatabaseAddress, IngressRoute } from "../offers.ts";
import { PODS, serverSettings, websitePod } from "./pod.ts";
import { MOST_PODS, type WebsiteSettings } from "./settings.ts";

export interface WebsiteArgs {
  readonly namespace: pulumi.Input<string>;
  readonly settings: WebsiteSettings;
  readonly image: pulumi.Input<string>;
  readonly timers: Timers;
  readonly database: DatabaseAddress;
  /** Connections that its pods may take part in. */
  readonly connections: readonly Connection[];
  /** How it is served. Its ballots carry ids, so each request may be delivered again. */
  readonly route: IngressRoute;
}

const { labels: WEBSITE_LABELS } = PODS;

const DEPLOYMENT = "website-dep";

/** `website-dep` and what stands before it. */
export class Website extends pulumi.ComponentResource {
  /** Done when its pods answer. */
  readonly served: k8s.core.v1.Service;
  /** What allows its connections. */
  readonly isolation: pulumi.Resource;

  constructor(
    name: string,
    private readonly args: WebsiteArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("fogline:website:Website", name, { settings: args.settings }, opts);
    const child = { parent: this };
    const deployment = this.createDeployment(name);
    this.served = this.createService(name, deployment);
    new k8s.policy.v1.PodDisruptionBudget(
      `${name}-budget`,
      {
        metadata: this.metadata("website"),
        spec: { maxUnavailable: 1, selector: { matchLabels: WEBSITE_LABELS } },
      },
      child,
    );
    this.createRoute(name, this.served);
    const policy = this.metadata("website");
    this.isolation = allow(`${name}-policy`, policy, PODS, args.connections, child);
    this.registerOutputs({});
  }

  /** Its pods, and what they read and who counts them before they are there. */
  private createDeployment(name: string): k8s.apps.v1.Deployment {
    const { settings, image, database, timers } = this.args;
    const config = this.createConfig(name);
    const autoscaler = this.createAutoscaler(name);
    return new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata: {
          ...this.metadata(DEPLOYMENT),
          // An autoscaler that once set the count stays its owner for the API server; without one
          // the program's count must win.
          ...(settings.autoscale ? {} : { annotations: { "pulumi.com/patchForce": "true" } }),
        },
        spec: {
          replicas: settings.autoscale ? settings.minReplicas : settings.replicas,
          selector: { matchLabels: WEBSITE_LABELS },
          strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          template: {
            metadata: { labels: WEBSITE_LABELS },
            spec: websitePod(image, database, config.metadata.name, timers),
          },
        },
      },
      // It begins with as many as the autoscaler wants at least; from then on the count is its own.
      {
        parent: this,
        // One that is told to rest must rest before the program sets the count.
        dependsOn: [autoscaler],
        ...(settings.autoscale ? { ignoreChanges: ["spec.replicas"] } : {}),
      },
    );
  }

  private createService(name: string, deployment: pulumi.Resource): k8s.core.v1.Service {
    return new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: this.metadata("website-serv"),
        spec: {
          selector: WEBSITE_LABELS,
          ports: [{ name: "http", port: 80, targetPort: "http" }],
        },
      },
      // The Service is waited for until it has an endpoint.
      { parent: this, dependsOn: [deployment] },
    );
  }

  /** The settings of its server (S1-39). */
  private createConfig(name: string): k8s.core.v1.ConfigMap {
    const { database, timers } = this.args;
    return createConfigMap(
      `${name}-config`,
      this.metadata("website"),
      serverSettings(database, timers),
      { parent: this },
    );
  }

  /**
   * Turned off, it rests and stays. Taken away it would go last, after every change of the same `up`,
   * and could have put its own count back by then.
   */
  private createAutoscaler(name: string): pulumi.Resource {
    const { settings } = this.args;
    const rest = { selectPolicy: "Disabled" };
    return new k8s.autoscaling.v2.HorizontalPodAutoscaler(
      `${name}-autoscaler`,
      {
        metadata: this.metadata("website"),
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: DEPLOYMENT },
          // Outside its limits even a resting one would act: none of the program's counts is.
          minReplicas: settings.autoscale ? settings.minReplicas : 1,
          maxReplicas: settings.autoscale ? settings.maxReplicas : MOST_PODS,
          behavior: {
            scaleDown: {
              stabilizationWindowSeconds: settings.scaleDownSeconds,
              ...(settings.autoscale ? {} : rest),
            },
            ...(settings.autoscale ? {} : { scaleUp: rest }),
          },
          metrics: [
            {
              type: "Resource",
              resource: {
                name: "cpu",
                target: { type: "Utilization", averageUtilization: settings.targetCpuPercent },
              },
            },
          ],
        },
      },
      { parent: this },
    );
  }

  private createRoute(name: string, service: k8s.core.v1.Service): void {
    const { route } = this.args;
    new k8s.networking.v1.Ingress(
      `${name}-route`,
      {
        metadata: { ...this.metadata("website"), annotations: { ...route.annotations } },
        spec: {
          ingressClassName: route.className,
          rules: [
            {
              http: {
                paths: [
                  {
                    path: "/",
                    pathType: "Prefix",
                    backend: { service: { name: service.metadata.name, port: { name: "http" } } },
                  },
                ],
              },
            },
          ],
        },
      },
      { parent: this },
    );
  }

  private metadata(name: string): k8s.types.input.meta.v1.ObjectMeta & { readonly name: string } {
    return { name, namespace: this.args.namespace, labels: WEBSITE_LABELS };
  }
}
