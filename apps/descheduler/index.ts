/** The app `descheduler`: moves pods back that fled from a node. */
import { defineApp } from "../app.ts";
import { toApiServer } from "../network-policy.ts";
import { CLUSTER_WIDE_NAMES, Descheduler, PODS } from "./component.ts";
import { images } from "./images.ts";
import { settings } from "./settings.ts";

export const descheduler = defineApp({
  settings,
  images,
  pods: PODS,
  enabled: ({ image }) => image !== undefined,
  connections: (cluster) => [toApiServer(PODS, cluster)],
  clusterWide: () => CLUSTER_WIDE_NAMES,
  deploy: ({ name, settings: { image = "", intervalSeconds }, namespaces, connections, opts }) => ({
    ready: [new Descheduler(name, { image, intervalSeconds, namespaces, connections }, opts)],
  }),
});
