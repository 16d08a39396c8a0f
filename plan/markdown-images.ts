/** Images and rollouts as Markdown. */
import {
  isLargeWebsite,
  LARGE_WORDS,
  ROLLOUT_LIMIT,
  rolloutWords,
  sizeWords,
} from "../apps/measures.ts";
import type { ImageLine, RolloutLine } from "./images.ts";
import type { View } from "./report.ts";
import { code, prose, table } from "./text.ts";

/** The section about both; empty where nothing runs in pods. */
export function imageSection({ images, rollouts, unread }: View): string {
  if (images.length === 0) {
    return "";
  }
  const isKnown = images.some(({ bytes }) => sizeWords(bytes) !== undefined);
  const parts = [
    "### Images",
    table(
      ["Image", "For", "Compressed"],
      images.map(({ image, resources, bytes }) => [
        code(image),
        resources.map(code).join(", "),
        sizeCell(image, bytes),
      ]),
    ),
    unread === undefined
      ? `Sizes are those of images that the last \`up\` built${isKnown ? "" : ": it built none, or told none"}; of others the state keeps none.`
      : `Sizes and times of rollouts are not known: ${prose(unread)}.`,
    ...(rollouts.length === 0
      ? []
      : [
          "### Last rollouts",
          table(
            ["What", "Time"],
            rollouts.map(({ name, rollout }) => [code(name), rolloutCell(rollout)]),
          ),
        ]),
  ];
  return parts.join("\n\n");
}

function sizeCell(image: string, bytes: ImageLine["bytes"]): string {
  const words = sizeWords(bytes) ?? "not known";
  return isLargeWebsite(image, bytes) ? `⚠️ ${words}, ${LARGE_WORDS}` : words;
}

function rolloutCell(rollout: RolloutLine["rollout"]): string {
  const isSlow = rollout.kind === "took" && rollout.seconds > ROLLOUT_LIMIT;
  return `${isSlow ? "⚠️ " : ""}${prose(rolloutWords(rollout))}`;
}
