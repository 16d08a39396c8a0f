/** Section `registry` of the stack file: where images are kept that are built from this checkout. */
import { z } from "zod";

import { image, quantity } from "../../config/fields.ts";
import { section } from "../../config/section.ts";
import { BASES, images } from "./images.ts";

const schema = z.strictObject({
  image: image.default(images.image.pinned).meta({
    description: `the registry by digest, as \`${images.image.official}\`; it runs where an image is \`build\` (\`docs/images.md\`)`,
    without: "the pinned one",
  }),
  storage: quantity.default("10Gi").describe("size of the volume that holds built images"),
  bases: z
    .strictObject({
      debian: image.default(BASES.debian),
      node: image.default(BASES.node),
      "node-build": image.default(BASES["node-build"]),
    })
    .prefault({})
    .meta({
      description: "base images of images that are built, `{debian, node, node-build}`, by digest",
      without: "Docker Hub's, pinned",
    }),
});

/** Settings of the registry. */
export type RegistrySettings = Readonly<z.output<typeof schema>>;

export const settings = section({ schema });
