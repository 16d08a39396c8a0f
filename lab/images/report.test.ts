import { expect, it } from "vitest";

import { describeImages, type ImageLine } from "./report.ts";

const DIGEST = `sha256:d74eeac9a635${"0".repeat(52)}`;

function built(image: string, reason: string): ImageLine {
  return { image, source: "built", reference: `docker.io/fogline/${image}@${DIGEST}`, reason };
}

it("official images are told with tag and digest, those of the lab once for each reason", () => {
  const official: ImageLine = {
    image: "postgres",
    source: "official",
    version: "17",
    reference: `docker.io/library/postgres:17@${DIGEST}`,
    pinned: DIGEST,
  };
  const unpinned = "no digest of the official one is pinned (make pin writes it)";
  expect(
    describeImages([
      built("website", "it has no official one"),
      official,
      built("traefik", unpinned),
      { ...official, image: "pause", version: "3.6" },
      built("coredns", unpinned),
    ]),
  ).toEqual([
    "official images: postgres 17 (sha256:d74eeac9a635), pause 3.6 (sha256:d74eeac9a635)",
    "images built by the lab, as it has no official one: website",
    `images built by the lab, as ${unpinned}: traefik, coredns`,
  ]);
});

it("nothing is said of official images where there is none", () => {
  expect(describeImages([built("website", "FOGLINE_OFFLINE is set")])).toEqual([
    "images built by the lab, as FOGLINE_OFFLINE is set: website",
  ]);
});
