/** The registry as it is deployed, and how other apps have images built into it. */
import * as pulumi from "@pulumi/pulumi";

import type { Context, Deployed } from "../app.ts";
import type { BuiltImage } from "../measures.ts";
import { Registry } from "./component.ts";
import { addressIn, REGISTRY } from "./config.ts";
import { ImageBuild } from "./image-build.ts";
import { lackOfComputer } from "./lacks.ts";
import type { settings } from "./settings.ts";

/** Declares the registry; images are built into it as apps ask for them. */
export function deploy({
  name,
  settings: own,
  namespace,
  connections,
  opts,
  ...stack
}: Context<(typeof settings)["schema"], never>): Deployed<"registry"> {
  const component = new Registry(
    name,
    {
      namespace,
      image: own.image,
      storage: own.storage,
      address: addressIn(stack.serviceRange),
      connections,
      timers: stack.timers,
    },
    opts,
  );
  const lack = lackOfComputer();
  if (lack !== undefined) {
    void pulumi.log.warn(lack, component);
  }
  const images: Record<string, pulumi.Output<BuiltImage>> = {};
  return {
    offers: {
      registry: {
        build: (id, image) => {
          const { reference, built } = new ImageBuild(`${name}-${id}`, {
            registry: component,
            image,
            bases: own.bases,
            kubeconfig: stack.kubeconfig,
            nodes: stack.nodes,
          });
          images[`${REGISTRY}/${image.name}`] = built;
          return reference;
        },
        built: () => pulumi.output(images),
      },
    },
    ready: component.ready,
    allowed: component.isolation,
  };
}
