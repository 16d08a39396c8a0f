/** An image that is built on the operator's computer and put into the cluster's registry. */
import { join } from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { LocalScript } from "../../components/remote/script.ts";
import type { Nodes } from "../app.ts";
import type { AppImage } from "../images.ts";
import type { BuiltImage } from "../measures.ts";
import type { Registry } from "./component.ts";
import { REGISTRY } from "./config.ts";
import { orderOf } from "./context.ts";

export interface ImageBuildArgs {
  readonly registry: Registry;
  readonly image: AppImage;
  /** References by base. */
  readonly bases: Readonly<Record<string, string>>;
  readonly kubeconfig: pulumi.Output<string>;
  readonly nodes: Nodes;
}

/** Path of the script; it is told `INPUT`, `VOLUME` and `DISKS`. */
export const BUILD_SCRIPT = join(import.meta.dirname, "scripts/build.sh");

/**
 * Runs again when the image's sources, its bases or the nodes' architectures change, and when the
 * registry may have lost what it had. It then asks the registry first: what is there is neither built
 * nor sent. A preview builds nothing.
 */
export class ImageBuild extends LocalScript {
  /** The image by digest, as pods name it. */
  readonly reference: pulumi.Output<string>;
  /** The same with its size; no secret. */
  readonly built: pulumi.Output<BuiltImage>;

  constructor(name: string, args: ImageBuildArgs) {
    const { registry, image, bases, kubeconfig, nodes } = args;
    const order = orderOf(image, { bases, archs: nodes.archs });
    super(
      name,
      {
        script: BUILD_SCRIPT,
        values: {
          INPUT: pulumi.secret(
            kubeconfig.apply((text) => JSON.stringify({ order, kubeconfig: text })),
          ),
          VOLUME: registry.volume,
          DISKS: nodes.disks,
        },
      },
      {
        parent: registry,
        // The image is put in through the registry's pod.
        dependsOn: [...registry.ready],
      },
    );
    // Printed beside a secret, it is none: plans and pods show it.
    this.built = pulumi.unsecret(this.result).apply(builtImage);
    this.reference = this.built.apply(({ digest }) => `${REGISTRY}/${image.name}@${digest}`);
  }
}

/** What the step printed. One of an earlier version, which an `up` of some targets leaves, told no size. */
function builtImage(printed: string): BuiltImage {
  const [digest = "", sizes = "{}"] = printed.split("\n");
  return { digest, bytes: JSON.parse(sizes) as BuiltImage["bytes"] };
}
