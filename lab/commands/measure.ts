/** Asks the cluster and the lab's registry for what `measures.ts` shows. */
import {
  BUILT_IMAGES,
  repositoryOf,
  type BuiltImages,
  type ImageBytes,
} from "../../apps/measures.ts";
import type { Apps } from "../../apps/app.ts";
import { sizeInStore } from "../images/sizes.ts";
import { LabError } from "../progress.ts";
import { hostArch } from "../toolchain/lock.ts";
import { kubectlJson } from "./kubectl.ts";
import { MEASURED_KINDS, measureLines, type Measured } from "./measures.ts";
import type { Outputs } from "./outputs.ts";

/** Lines about the apps' images and rollouts; where the cluster does not answer, one that says so. */
export async function measures(apps: Apps, outputs: Outputs): Promise<string[]> {
  const namespaces = new Set(Object.values(apps).map(({ pods }) => pods.namespace));
  try {
    const { items } = await kubectlJson<{ readonly items: readonly Measured[] }>([
      "get",
      MEASURED_KINDS,
      "--all-namespaces",
    ]);
    const own = items.filter(({ metadata }) => namespaces.has(metadata.namespace ?? ""));
    return measureLines(own, (image) => sizeOf(image, outputs));
  } catch (error) {
    // They are told beside what was asked for, which does not fail by them.
    if (error instanceof LabError) {
      return [`sizes of images and times of rollouts are not known: ${error.message}`];
    }
    throw error;
  }
}

/** Compressed bytes of an image: as the program built it, or as the lab's registry holds it. */
export function sizeOf(image: string, outputs: Outputs): ImageBytes {
  const built = (outputs[BUILT_IMAGES] as BuiltImages | undefined)?.[repositoryOf(image)];
  const digest = image.split("@")[1];
  if (built !== undefined) {
    // A pod of a former image may still run.
    return built.digest === digest ? built.bytes : {};
  }
  const arch = hostArch();
  const size = digest === undefined ? undefined : sizeInStore(digest, arch);
  return size === undefined ? {} : { [arch]: size };
}
