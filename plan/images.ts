/** Images of a stack's pods with their sizes, and what the last rollouts took, as far as the state tells. */
import { z } from "zod";

import {
  BUILT_IMAGES,
  firstRolloutOf,
  repositoryOf,
  unknownRollout,
  type BuiltImages,
  type ImageBytes,
  type Rolled,
  type Rollout,
} from "../apps/measures.ts";
import { containersOf, podOf } from "../policy/pod.ts";
import { textAt } from "../policy/values.ts";
import type { LastUp } from "./last-up.ts";
import type { Planned } from "./snapshot.ts";

const size = z.number().optional();
const builtImages = z.record(
  z.string(),
  z.object({ digest: z.string(), bytes: z.object({ amd64: size, arm64: size }) }),
);

/** One image and the resources whose pods run it. */
export interface ImageLine {
  /** Registry and repository. */
  readonly image: string;
  readonly resources: readonly string[];
  /** Compressed bytes as the last `up` recorded them; empty where the state has none. */
  readonly bytes: ImageBytes;
}

/** One resource that rolls out. */
export interface RolloutLine {
  readonly name: string;
  readonly kind: string;
  readonly rollout: Rollout;
}

/** Images of what is declared, in the order of their names. */
export function imagesOf(resources: readonly Planned[], state: LastUp): ImageLine[] {
  const users = new Map<string, string[]>();
  for (const resource of resources) {
    const images = containersOf(podOf(resource)).map((each) => textAt(each, "image") ?? "");
    for (const image of new Set(images.filter((each) => each !== "").map(repositoryOf))) {
      users.set(image, [...(users.get(image) ?? []), resource.name]);
    }
  }
  const built = state.kind === "read" ? builtOf(state.outputs) : {};
  return [...users]
    .map(([image, names]) => ({ image, resources: names, bytes: built[image]?.bytes ?? {} }))
    .sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** What is declared and rolls out, with the time of its last rollout; nothing where no state was read. */
export function rolloutsOf(resources: readonly Planned[], state: LastUp): RolloutLine[] {
  if (state.kind === "unread") {
    return [];
  }
  return resources.flatMap(({ urn, type, name }) => {
    const kind = /^kubernetes:apps\/v1:(Deployment|DaemonSet|StatefulSet)$/.exec(type)?.[1];
    if (kind === undefined) {
      return [];
    }
    const outputs = state.resources.find((each) => each.urn === urn)?.outputs;
    return [{ name, kind, rollout: rolloutIn(kind, outputs) }];
  });
}

function rolloutIn(kind: string, outputs: object | undefined): Rollout {
  if (outputs === undefined) {
    return unknownRollout("it was not there at the last up");
  }
  if (kind !== "Deployment") {
    return unknownRollout(`Kubernetes keeps no time of a ${kind}'s`);
  }
  return "metadata" in outputs && "status" in outputs
    ? firstRolloutOf(outputs as Rolled)
    : unknownRollout("the state has no status of it");
}

/** The output of that name; one that another version wrote may look otherwise. */
function builtOf(outputs: Readonly<Record<string, unknown>>): BuiltImages {
  const { data } = builtImages.safeParse(outputs[BUILT_IMAGES]);
  return Object.fromEntries(
    Object.entries(data ?? {}).map(
      ([
        image,
        {
          digest,
          bytes: { amd64, arm64 },
        },
      ]) => [
        image,
        {
          digest,
          bytes: { ...(amd64 !== undefined && { amd64 }), ...(arm64 !== undefined && { arm64 }) },
        },
      ],
    ),
  );
}
