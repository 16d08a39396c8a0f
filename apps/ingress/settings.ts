/** Section `ingress` of the stack file. */
import { z } from "zod";

import { image } from "../../config/fields.ts";
import { section } from "../../config/section.ts";
import { images } from "./images.ts";

const schema = z.strictObject({
  image: image.describe(`Traefik by digest, as \`${images.image.official}\``),
});

/** Settings of the ingress controller. */
export type IngressSettings = Readonly<z.output<typeof schema>>;

export const settings = section({ schema });
