/** The registry as it is deployed, and how other apps have images built into it. */
import * as pulumi from "@pulumi/pulumi";

import type { Context, Deployed } from "../app.ts";
import { Registry } from "./component.ts";
import { addressIn } from "./config.ts";
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
}
