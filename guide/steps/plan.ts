/** The plan of what would be made, which ends the guide. */
import { failed } from "../error.ts";
import { makePlan } from "../make.ts";
import type { Step } from "../step.ts";

export const plan: Step = {
  name: "plan",
  title: "The plan: what would be made, and what it costs",
  // It is made anew each time.
  check: () => Promise.resolve(undefined),
  action: async ({ run, file, files }) => {
    const { stack } = file;
    try {
      await makePlan(run, stack);
    } catch (error) {
      throw failed("the plan must not go on", error, "put right what the plan lists");
    }
    return [
      "Nothing is made yet, and nothing is billed. To make it, which is billed from then on:",
      `  . ${files.environment}`,
      `  pulumi up --stack ${stack} --policy-pack policy`,
    ].join("\n");
  },
};
