/** The app `dashboard`: the operator's view of the cluster. */
import { defineApp } from "../app.ts";
import { toApiServer } from "../network-policy.ts";
import { publishedImages } from "./images.ts";
import { clusterWideNames, PODS } from "./manifests.ts";
import { settings } from "./settings.ts";

export const dashboard = defineApp({
  settings,
  pods: PODS,
  // A lab without a way to their registries has no dashboard's image.
  placeBound: ["kind"],
  published: ({ kind, image, scraperImage }) =>
    kind === undefined || kind === "none" ? {} : publishedImages(kind, { image, scraperImage }),
  enabled: ({ kind }) => kind !== "none",
  // Its users enter through `kubectl port-forward`: the kubelet, inside the pod's own network.
  connections: (cluster) => [toApiServer(PODS, cluster)],
  clusterWide: ({ kind }) => (kind === "none" ? [] : clusterWideNames(kind)),
  deploy: async ({ name, settings: { kind, ...images }, connections, opts }) => {
    const { Dashboard } = await import("./component.ts");
    return {
      ready: kind === "none" ? [] : [new Dashboard(name, { kind, ...images, connections }, opts)],
    };
  },
});
