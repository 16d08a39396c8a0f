/**
 * Sizes of images and times of rollouts, for people: what they are told with and what they are meant to keep to
 * (S1-43). Nothing fails by them: a busy computer takes longer. Pure.
 */
import type { Arch } from "../components/machine.ts";

/** Bytes that the website's image is meant to stay below, compressed. */
export const WEBSITE_LIMIT = 100_000_000;

/** Seconds that a rollout is meant to take at most. */
export const ROLLOUT_LIMIT = 60;

/**
 * Bytes of an image by processor architecture, as a registry keeps it and a node pulls it: its compressed layers
 * and its configuration, as its manifest has them.
 */
export type ImageBytes = Readonly<Partial<Record<Arch, number>>>;

/** An image that the program built, as it lies in the cluster's registry. */
export interface BuiltImage {
  readonly digest: string;
  /** Empty where a step of an earlier version told none. */
  readonly bytes: ImageBytes;
}

/** Images that the program built, by registry and repository: an output of the stack. */
export type BuiltImages = Readonly<Record<string, BuiltImage>>;

/** Name of that output. */
export const BUILT_IMAGES = "builtImages";

/** Registry and repository of an image, without tag and digest. */
export function repositoryOf(image: string): string {
  const [name = ""] = image.split("@");
  // A port stands before a slash, a tag behind the last one.
  return name.replace(/(?<=\/[^/]*):[^/:]*$/, "");
}

/** The size of an image in words, e.g. `45.7 MB`, or that of each processor; undefined for none. */
export function sizeWords(bytes: ImageBytes): string | undefined {
  const sizes = Object.entries(bytes);
  const each = sizes.map(([arch, size]) =>
    sizes.length === 1 ? megabytes(size) : `${megabytes(size)} (${arch})`,
  );
  return each.length === 0 ? undefined : each.join(", ");
}

/** Whether an image is the website's and larger than it is meant to be, for some processor. */
export function isLargeWebsite(image: string, bytes: ImageBytes): boolean {
  const name = repositoryOf(image).split("/").at(-1) ?? "";
  // The workflow publishes it as `fogline-website`.
  return /(^|-)website$/.test(name) && Object.values(bytes).some((size) => size > WEBSITE_LIMIT);
}

/** What an image says that is too large. */
export const LARGE_WORDS = `above the ${megabytes(WEBSITE_LIMIT)} that the website is meant to stay below`;
/** What a rollout says that took too long. */
export const SLOW_WORDS = `longer than the ${ROLLOUT_LIMIT} s that a rollout is meant to take`;

/** How long something was rolled out, or why nobody can tell. */
export type Rollout =
  | { readonly kind: "took"; readonly seconds: number }
  | { readonly kind: "unknown"; readonly why: string };

/** A rollout that cannot be told. */
export function unknownRollout(why: string): Rollout {
  return { kind: "unknown", why };
}

/** A Deployment or a ReplicaSet, as far as its rollout is told. */
export interface Rolled {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    /** ISO 8601, to the second. */
    readonly creationTimestamp?: string;
    readonly ownerReferences?: readonly { readonly uid: string }[];
    readonly uid?: string;
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly reason?: string;
      readonly lastUpdateTime?: string;
    }[];
  };
}

/** Numbers a Deployment's rollouts, on itself and on the ReplicaSet of each. */
export const REVISION = "deployment.kubernetes.io/revision";
/** Revisions that a ReplicaSet had before it was taken up again. */
const FORMER = "deployment.kubernetes.io/revision-history";

/**
 * How long a Deployment's last rollout took: from the creation of its ReplicaSet to the moment when all of its pods
 * were available. Kubernetes changes that moment with a rollout alone, not with the number of pods.
 */
export function rolloutOf(deployment: Rolled, replicaSets: readonly Rolled[]): Rollout {
  const { uid, annotations = {} } = deployment.metadata;
  const newest = replicaSets.find(
    ({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.uid === uid) === true &&
      metadata.annotations?.[REVISION] === annotations[REVISION],
  );
  if (newest !== undefined && FORMER in (newest.metadata.annotations ?? {})) {
    return unknownRollout(
      "it went back to an earlier ReplicaSet, which tells when it was first made",
    );
  }
  return between(newest?.metadata.creationTimestamp, deployment);
}

/**
 * The same from the Deployment alone, as the state of a stack has it: its first rollout began when it was made, and
 * of a later one nothing in it tells the beginning.
 */
export function firstRolloutOf(deployment: Rolled): Rollout {
  const { annotations = {}, creationTimestamp } = deployment.metadata;
  return annotations[REVISION] === "1"
    ? between(creationTimestamp, deployment)
    : unknownRollout("the state has no beginning of a rollout but the first");
}

function between(began: string | undefined, { status }: Rolled): Rollout {
  const progress = status?.conditions?.find(({ type }) => type === "Progressing");
  if (progress?.reason !== "NewReplicaSetAvailable") {
    return unknownRollout(
      progress === undefined ? "it has not begun" : `it is under way (${progress.reason ?? "?"})`,
    );
  }
  const seconds = (Date.parse(progress.lastUpdateTime ?? "") - Date.parse(began ?? "")) / 1000;
  return Number.isFinite(seconds) && seconds >= 0
    ? { kind: "took", seconds }
    : unknownRollout("its times are missing");
}

/** A rollout in words. */
export function rolloutWords(rollout: Rollout): string {
  if (rollout.kind === "unknown") {
    return `not known: ${rollout.why}`;
  }
  const { seconds } = rollout;
  return `${seconds} s${seconds > ROLLOUT_LIMIT ? `, ${SLOW_WORDS}` : ""}`;
}

/** Bytes as people read them: a megabyte has a million. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
