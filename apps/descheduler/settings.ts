/** Section `descheduler` of the stack file. */
import { z } from "zod";

import { count, image } from "../../config/fields.ts";
import { section } from "../../config/section.ts";
import { images } from "./images.ts";

const schema = z.strictObject({
  image: image.optional().meta({
    description: `Kubernetes' descheduler by digest, as \`${images.image.official}\``,
    without: "none: pods that fled stay away",
  }),
  intervalSeconds: count(5, 3600)
    .default(30)
    .describe("how often it looks for pods that should go back, seconds"),
});

/** Settings of the descheduler. */
export type DeschedulerSettings = Readonly<z.output<typeof schema>>;

export const settings = section({ schema });
