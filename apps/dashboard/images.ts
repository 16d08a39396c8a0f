/** The dashboard's images. No package registry has them, so that a lab without container registries has none. */

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

/** Images to run instead of the pinned ones. */
export interface DashboardImages {
  readonly image?: string | undefined;
  readonly scraperImage?: string | undefined;
}

/** Images of a kind, by the setting that names each. */
export function publishedImages(
  kind: DashboardKind,
  { image = DASHBOARD_IMAGES[kind], scraperImage = SCRAPER_IMAGE }: DashboardImages,
): Readonly<Record<string, string>> {
  return kind === "headlamp" ? { image } : { image, scraperImage };
}
