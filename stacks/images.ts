/** Images of apps: those that settings name, and those that are built from this checkout. */
import { createHash } from "node:crypto";

import * as pulumi from "@pulumi/pulumi";

import type { ImageRegistry } from "../apps/offers.ts";
import type { Arch } from "../components/machine.ts";
import type { Overlay } from "../components/overlay/member.ts";
import { BUILD } from "../config/fields.ts";
import type { Settings } from "../config/schema.ts";
import type { Wanted } from "./wanted.ts";

/**
 * The image of an app, as its pods name it.
 *
 * @param setting key in the app's section
 * @param registry what images are built for, where one is
 * @throws Error when the setting names no image, or one is to be built and the definition has none
 */
export function imageOf(
  { name, app, settings }: Wanted,
  setting: string,
  registry: ImageRegistry | undefined,
): pulumi.Input<string> {
  const named = settings[setting];
  const image = app.images?.[setting];
  if (typeof named !== "string") {
    throw new Error(`the app ${name} runs an image that ${name}.${setting} does not name`);
  }
  if (named !== BUILD) {
    return named;
  }
  if (image === undefined || registry === undefined) {
    const lacks =
      image === undefined ? `has no images.${setting}` : "finds no registry in the list";
    throw new Error(`${name}.${setting} is ${BUILD}, but the app ${lacks}`);
  }
  return registry.build(`${name}-${setting}`, image);
}

/** Processor architectures of the nodes, each once. */
export function archsOf({ cloud, edge }: Settings): Arch[] {
  return [...new Set([cloud.arch, ...edge.map(({ arch }) => arch)])].sort();
}

/** Differs once a cloud worker was made anew: its SSH host key is another one, its disk is empty. */
export function disksOf({ agents }: Overlay): pulumi.Output<string> {
  const keys = agents
    .filter(({ machine }) => machine.tier === "cloud")
    .map(({ machine }) => machine.connection.apply(({ hostKey }) => hostKey));
  return pulumi.all(keys).apply((all) =>
    createHash("sha256")
      .update([...all].sort().join("\n"))
      .digest("hex"),
  );
}
