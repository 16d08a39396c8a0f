/** Where Kubernetes objects hold pods. */
import type { Declared } from "./policy.ts";
import { at, listAt } from "./values.ts";

const PLACES = ["spec.template.spec", "spec.jobTemplate.spec.template.spec"];

/** The pod's specification of an object that makes pods; undefined for any other resource. */
export function podOf({ type, inputs }: Declared): unknown {
  if (!type.startsWith("kubernetes:")) {
    return undefined;
  }
  if (type.endsWith(":Pod")) {
    return at(inputs, "spec");
  }
  return PLACES.map((place) => at(inputs, place)).find((spec) => spec !== undefined);
}

/** Every container of a pod, those that only run at its start included. */
export function containersOf(pod: unknown): readonly unknown[] {
  return ["initContainers", "containers", "ephemeralContainers"].flatMap((key) => listAt(pod, key));
}
