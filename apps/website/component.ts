/** The poll website: its pods over edge and cloud, their service, autoscaler and route. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

import type { Settings } from "../../config/schema.ts";
import type { DatabaseAddress } from "../database/component.ts";
import { websitePod } from "./pod.ts";

export interface WebsiteArgs {
  readonly namespace: pulumi.Input<string>;
  readonly settings: Settings["website"];
  readonly database: DatabaseAddress;
  /** Ingress class that serves it. */
  readonly ingressClass: pulumi.Input<string>;
}

/** Labels of the website's pods. */
export const WEBSITE_LABELS = { app: "website" } as const;

/** `website-dep` and what stands before it. */
export class Website extends pulumi.ComponentResource {
  constructor(
    name: string,
    private readonly args: WebsiteArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("fogline:website:Website", name, {}, opts);
    const { settings } = args;
    const child = { parent: this };
    const deployment = new k8s.apps.v1.Deployment(
      `${name}-deployment`,
      {
        metadata: this.metadata("website-dep"),
        spec: {
          // Under the autoscaler the count is its own: an undeclared field is never touched.
          ...(settings.autoscale ? {} : { replicas: settings.replicas }),
          selector: { matchLabels: WEBSITE_LABELS },
          strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
          template: {
            metadata: { labels: WEBSITE_LABELS },
            spec: websitePod(settings.image, args.database),
          },
        },
      },
      child,
    );
    const service = new k8s.core.v1.Service(
      `${name}-service`,
      {
        metadata: this.metadata("website-serv"),
        spec: {
          selector: WEBSITE_LABELS,
          ports: [{ name: "http", port: 80, targetPort: "http" }],
        },
      },
      { ...child, dependsOn: [deployment] },
    );
    new k8s.policy.v1.PodDisruptionBudget(
      `${name}-budget`,
      {
        metadata: this.metadata("website"),
        spec: { maxUnavailable: 1, selector: { matchLabels: WEBSITE_LABELS } },
      },
      child,
    );
    if (settings.autoscale) {
      this.createAutoscaler(name, deployment);
    }
    this.createRoute(name, service);
    this.registerOutputs({});
  }

  private createAutoscaler(name: string, deployment: k8s.apps.v1.Deployment): void {
    const { settings } = this.args;
    new k8s.autoscaling.v2.HorizontalPodAutoscaler(
      `${name}-autoscaler`,
      {
        metadata: this.metadata("website"),
        spec: {
          scaleTargetRef: {
            apiVersion: "apps/v1",
            kind: "Deployment",
            name: deployment.metadata.name,
          },
          minReplicas: settings.minReplicas,
          maxReplicas: settings.maxReplicas,
          behavior: { scaleDown: { stabilizationWindowSeconds: settings.scaleDownSeconds } },
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
    new k8s.networking.v1.Ingress(
      `${name}-route`,
      {
        metadata: this.metadata("website"),
        spec: {
          ingressClassName: this.args.ingressClass,
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

  private metadata(name: string): k8s.types.input.meta.v1.ObjectMeta {
    return { name, namespace: this.args.namespace, labels: WEBSITE_LABELS };
  }
}
