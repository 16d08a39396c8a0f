/** Sizes of the stack's images and times of its rollouts, as `make up` and `make status` print them: lines. */
import {
  isLargeWebsite,
  LARGE_WORDS,
  repositoryOf,
  rolloutOf,
  rolloutWords,
  sizeWords,
  unknownRollout,
  type ImageBytes,
  type Rolled,
  type Rollout,
} from "../../apps/measures.ts";

interface Container {
  readonly image: string;
}

/** An object of the cluster, as far as it is measured. */
export interface Measured extends Rolled {
  readonly kind: string;
  readonly spec?: {
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

/** What is asked of the cluster, in one request. */
export const MEASURED_KINDS = "pods,replicasets,deployments,daemonsets,statefulsets";

/** Kinds that roll out, and whose API keeps no time of it: neither a condition nor an owner that is made for each. */
const WITHOUT_TIMES = ["DaemonSet", "StatefulSet"];

/**
 * One line for each image of the pods, the largest first.
 *
 * @param sizeOf compressed bytes of an image by its reference; empty where nobody knows
 */
export function imageLines(
  objects: readonly Measured[],
  sizeOf: (image: string) => ImageBytes,
): string[] {
  const images = new Set(
    objects
      .filter(({ kind }) => kind === "Pod")
      .flatMap(({ spec }) => [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])])
      .map(({ image }) => image),
  );
  const sized = [...images].map((image) => ({ image, bytes: sizeOf(image) }));
  const largest = (bytes: ImageBytes): number => Math.max(-1, ...Object.values(bytes));
  sized.sort((a, b) => largest(b.bytes) - largest(a.bytes) || a.image.localeCompare(b.image, "en"));
  const rows = sized.map(({ image, bytes }) => ({
    name: repositoryOf(image),
    text:
      (sizeWords(bytes) ?? "not known here") +
      (isLargeWebsite(image, bytes) ? `, ${LARGE_WORDS}` : ""),
  }));
  return columns(rows);
}

/** One line for each object that is rolled out: how long the last time took. */
export function rolloutLines(objects: readonly Measured[]): string[] {
  const replicaSets = objects.filter(({ kind }) => kind === "ReplicaSet");
  const rows = objects
    .filter(({ kind }) => kind === "Deployment" || WITHOUT_TIMES.includes(kind))
    .map((object) => ({
      name: `${object.metadata.namespace ?? ""}/${object.metadata.name}`,
      text: rolloutWords(lastRollout(object, replicaSets)),
    }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
  return columns(rows);
}

/** All lines, each part under its title. */
export function measureLines(
  objects: readonly Measured[],
  sizeOf: (image: string) => ImageBytes,
): string[] {
  return [
    "images, compressed as nodes pull them:",
    ...indented(imageLines(objects, sizeOf)),
    "last rollouts:",
    ...indented(rolloutLines(objects)),
  ];
}

function lastRollout(object: Measured, replicaSets: readonly Measured[]): Rollout {
  return WITHOUT_TIMES.includes(object.kind)
    ? unknownRollout(`Kubernetes keeps no time of a ${object.kind}'s`)
    : rolloutOf(object, replicaSets);
}

function columns(rows: readonly { readonly name: string; readonly text: string }[]): string[] {
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  return rows.map(({ name, text }) => `${name.padEnd(width)}  ${text}`);
}

function indented(lines: readonly string[]): string[] {
  return lines.length === 0 ? ["  none"] : lines.map((line) => `  ${line}`);
}
