/** Which images the lab runs, and where each came from. */

/** One line of the report of images. */
export interface ImageLine {
  readonly image: string;
  readonly source: "official" | "built";
  /** Tag of an official image; of one that is built, its packages decide. */
  readonly version?: string;
  /** What machines pull: registry, repository and the digest for this computer's processor. */
  readonly reference: string;
  /** Digest in the lock, of the index over all processors; of official images. */
  readonly pinned?: string;
  /** Why it is not the official one. */
  readonly reason?: string;
}

/** Digits of a digest that tell it from all others in practice. */
const DIGITS = "sha256:".length + 12;

/** What came from where, as lines for people. */
export function describeImages(report: readonly ImageLine[]): string[] {
  const official = report.flatMap(({ image, source, version = "", pinned = "" }) =>
    source === "official" ? [`${image} ${version} (${pinned.slice(0, DIGITS)})`] : [],
  );
  const byReason = new Map<string, string[]>();
  for (const { image, source, reason = "" } of report) {
    if (source === "built") {
      byReason.set(reason, [...(byReason.get(reason) ?? []), image]);
    }
  }
  return [
    ...(official.length === 0 ? [] : [`official images: ${official.join(", ")}`]),
    ...[...byReason].map(
      ([reason, names]) => `images built by the lab, as ${reason}: ${names.join(", ")}`,
    ),
  ];
}
