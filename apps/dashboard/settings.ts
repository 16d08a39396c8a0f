/** Section `dashboard` of the stack file: which one the operator looks at the cluster with, if any. */
import { z } from "zod";

import { image } from "../../config/fields.ts";
import type { Problem } from "../../config/problems.ts";
import { section } from "../../config/section.ts";

const schema = z.strictObject({
  kind: z
    .enum(["headlamp", "kubernetes-dashboard", "none"], {
      error:
        "must be headlamp, kubernetes-dashboard or none|use headlamp; kubernetes-dashboard is archived",
    })
    .default("headlamp")
    .describe("`headlamp`, `kubernetes-dashboard` or `none`, which installs nothing"),
  image: image.optional().meta({
    description: "another image of the dashboard, by digest",
    without: "the pinned one of its kind",
  }),
  scraperImage: image.optional().meta({
    description: "another image of Kubernetes Dashboard's metrics scraper, by digest",
    without: "the pinned one",
  }),
});

/** Settings of the dashboard. */
export type DashboardSettings = Readonly<z.output<typeof schema>>;

export const settings = section({
  schema,
  rules: ({ kind, image: own, scraperImage }) => {
    if (kind === undefined) {
      return [];
    }
    const problem = (key: string, fix: string): Problem => ({
      path: `fogline:dashboard.${key}`,
      rule: `means nothing while fogline:dashboard.kind is ${kind}`,
      fix,
    });
    return [
      ...(kind === "none" && own !== undefined
        ? [problem("image", "remove it, or set the kind to headlamp")]
        : []),
      ...(kind !== "kubernetes-dashboard" && scraperImage !== undefined
        ? [problem("scraperImage", "remove it: only kubernetes-dashboard has a scraper")]
        : []),
    ];
  },
});
