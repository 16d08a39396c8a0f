/** The app `ingress`: Traefik on ports 80 and 443 of every worker. */
import { defineApp } from "../app.ts";
import { images } from "./images.ts";
import { CLUSTER_WIDE_NAMES, POD_SECURITY, PODS } from "./pods.ts";
import { settings } from "./settings.ts";

export const ingress = defineApp({
  settings,
  images,
  pods: PODS,
  podSecurity: POD_SECURITY,
  // On its node's own network it calls from addresses that nodes have in the pods' range.
  provides: { ingress: ({ podRange }) => ({ peer: { range: podRange }, port: 80 }) },
  nodePorts: "fogline:ingress:IngressController",
  clusterWide: () => CLUSTER_WIDE_NAMES,
  deploy: async ({ name, settings: { image }, clients, timers, publicAddresses, opts }) => {
    const { IngressController } = await import("./component.ts");
    const controller = new IngressController(
      name,
      { image, namespaces: clients, timers, addresses: publicAddresses },
      opts,
    );
    return { offers: { ingress: controller }, ready: [], daemonSet: controller.daemonSet };
  },
});
