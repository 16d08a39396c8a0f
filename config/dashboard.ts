/** Settings of the dashboard: which one the operator looks at the cluster with, if any. */
import { z } from "zod";

import { image } from "./fields.ts";

/**
 * Images of each kind for amd64 and arm64, pinned. Kubernetes Dashboard (S0-51) was archived on
 * 21 January 2026 and gets no more fixes: v2.7.0 is its last release that is one program and needs no
 * Helm chart. Its README names Headlamp as the successor, hence the default.
 */
export const DASHBOARD_IMAGES = {
  headlamp:
    "ghcr.io/headlamp-k8s/headlamp:v0.45.0@sha256:db3f0e0fc58d358d41daa3fe7fc852437552c7ee873c3645470f7b86a8e0db49",
  "kubernetes-dashboard":
    "docker.io/kubernetesui/dashboard:v2.7.0@sha256:2e500d29e9d5f4a086b908eb8dfe7ecac57d2ab09d65b24f588b1d449841ef93",
} as const;

/** Metrics of Kubernetes Dashboard come from a second program beside it; archived with it. */
export const SCRAPER_IMAGE =
  "docker.io/kubernetesui/metrics-scraper:v1.0.8@sha256:76049887f07a0476dc93efc2d3569b9529bf982b22d29f356092ce206e98765c";

/** The kinds that run something. */
export type DashboardKind = keyof typeof DASHBOARD_IMAGES;

/** Section `dashboard` of a stack's settings. */
export const dashboard = z
  .strictObject({
    /** Which dashboard runs; `none` installs nothing, its roles included. */
    kind: z
      .enum(["headlamp", "kubernetes-dashboard", "none"], {
        error:
          "must be headlamp, kubernetes-dashboard or none|use headlamp; kubernetes-dashboard is archived",
      })
      .default("headlamp"),
    /** The dashboard's image; without it, the pinned one of its kind. */
    image: image.optional(),
    /** Image of Kubernetes Dashboard's metrics scraper; without it, the pinned one. */
    scraperImage: image.optional(),
  })
  .superRefine((settings, context) => {
    const refuse = (key: string, rule: string, fix: string): void => {
      context.addIssue({ code: "custom", path: [key], message: `${rule}|${fix}` });
    };
    if (settings.kind === "none" && settings.image !== undefined) {
      refuse(
        "image",
        "means nothing while fogline:dashboard.kind is none",
        "remove it, or set the kind to headlamp",
      );
    }
    if (settings.kind !== "kubernetes-dashboard" && settings.scraperImage !== undefined) {
      refuse(
        "scraperImage",
        `means nothing while fogline:dashboard.kind is ${settings.kind}`,
        "remove it: only kubernetes-dashboard has a scraper",
      );
    }
  });
