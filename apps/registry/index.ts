/** The app `registry`: images that are built from this checkout, where the cluster's nodes find them. */
import { defineApp } from "../app.ts";
import { mirrors, PODS, PULL_PORT } from "./config.ts";
import { images } from "./images.ts";
import { settings } from "./settings.ts";

export const registry = defineApp({
  settings,
  images,
  pods: PODS,
  namespace: PODS.namespace,
  enabled: (_, { builds }) => builds,
  mirrors,
  provides: {
    // Nodes pull, and pods see them by addresses of that range.
    registry: ({ podRange }) => ({ peer: { range: podRange }, port: PULL_PORT }),
  },
  connections: ({ podRange }) => [
    { from: { range: podRange }, to: PODS, port: PULL_PORT, protocol: "TCP" },
  ],
  deploy: async (context) => (await import("./deploy.ts")).deploy(context),
});
