/** Section `website` of the stack file. */
import { z } from "zod";

import { count, ownImage } from "../../config/fields.ts";
import { section } from "../../config/section.ts";

/** Most pods of the website that may be asked for. */
export const MOST_PODS = 100;

const schema = z.strictObject({
  image: ownImage.describe(
    "the poll service of `apps/website/service`: `build`, or a published one by digest",
  ),
  autoscale: z
    .boolean({ error: "must be true or false|write true or false" })
    .default(true)
    .describe("whether the autoscaler decides the number of pods"),
  replicas: count(1, MOST_PODS).default(4).describe("pods without the autoscaler"),
  minReplicas: count(1, MOST_PODS).default(4).describe("fewest pods under the autoscaler"),
  maxReplicas: count(1, MOST_PODS).default(10).describe("most pods under the autoscaler"),
  targetCpuPercent: count(1, 100)
    .default(70)
    .describe("mean CPU use that the autoscaler aims at, percent of the request"),
  scaleDownSeconds: count(0, 3600)
    .default(300)
    .describe("how long load must be low before pods go, seconds"),
});

/** Settings of the website. */
export type WebsiteSettings = Readonly<z.output<typeof schema>>;

export const settings = section({
  schema,
  rules: ({ minReplicas: min, maxReplicas: max }) =>
    min === undefined || max === undefined || min <= max
      ? []
      : [
          {
            path: "fogline:website.minReplicas",
            rule: `${min} is more than fogline:website.maxReplicas (${max})`,
            fix: "make the minimum the smaller of the two",
          },
        ],
});
