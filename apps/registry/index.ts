/** The app `registry`: images that are built from this checkout, where the cluster's nodes find them. */
import * as pulumi from "@pulumi/pulumi";

import { defineApp } from "../app.ts";
import { Registry } from "./component.ts";
import { addressIn, mirrors, PODS, PULL_PORT } from "./config.ts";
import { ImageBuild } from "./image-build.ts";
import { images } from "./images.ts";
import { lackOfComputer } from "./lacks.ts";
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
  deploy: ({ name, settings: own, namespace, connections, opts, ...stack }) => {
    const component = new Registry(
      name,
      {
        namespace,
        image: own.image,
        storage: own.storage,
        address: addressIn(stack.serviceRange),
        connections,
      },
      opts,
    );
    const lack = lackOfComputer();
    if (lack !== undefined) {
      void pulumi.log.warn(lack, component);
    }
    return {
      offers: {
        registry: {
          build: (id, image) =>
            new ImageBuild(`${name}-${id}`, {
              registry: component,
              image,
              bases: own.bases,
              kubeconfig: stack.kubeconfig,
              nodes: stack.nodes,
            }).reference,
        },
      },
      ready: component.ready,
      allowed: component.isolation,
    };
  },
});
