/** The app `descheduler`: moves pods back that fled from a node. */
import { defineApp } from "../app.ts";
import { toApiServer } from "../network-policy.ts";
import { images } from "./images.ts";
import { CLUSTER_WIDE_NAMES, PODS } from "./pods.ts";
import { settings } from "./settings.ts";

export const descheduler = defineApp({
  settings,
  images,
  pods: PODS,
  enabled: ({ image }) => image !== undefined,
  connections: (cluster) => [toApiServer(PODS, cluster)],
  clusterWide: () => CLUSTER_WIDE_NAMES,
  deploy: async ({ name, settings: own, namespaces, connections, opts }) => {
    const { Descheduler } = await import("./component.ts");
    const { image = "", intervalSeconds } = own;
    return {
      ready: [new Descheduler(name, { image, intervalSeconds, namespaces, connections }, opts)],
    };
  },
});
