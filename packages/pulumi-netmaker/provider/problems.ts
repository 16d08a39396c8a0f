/** What is wrong with inputs, of which a preview may not know all. */
import { hasUnknown, unwrap, type Problem, type Properties } from "@fogline/pulumi-kit/values";
import type { z } from "zod";

/** Problems of those inputs whose values are known; secrets are checked, never shown. */
export function knownProblems(schema: z.ZodType, inputs: Properties): Problem[] {
  const plain = unwrap(inputs) as Properties;
  const parsed = schema.safeParse(plain);
  if (parsed.success) {
    return [];
  }
  return parsed.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((property) => ({ property, reason: "is no input of this resource" }));
    }
    const top = String(issue.path[0] ?? "");
    return hasUnknown(plain[top])
      ? []
      : [{ property: issue.path.map(String).join("."), reason: reasonOf(issue, plain[top]) }];
  });
}

function reasonOf(issue: z.core.$ZodIssue, value: unknown): string {
  return value === undefined && issue.code === "invalid_type" ? "is missing" : issue.message;
}
