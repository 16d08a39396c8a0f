/** What `make plan` does: plans a checkout's stack, alone or against a commit or the real state. */
import { checkOutBase, type BaseCheckout } from "./base.ts";
import { PRICES } from "../policy/cost.ts";
import { PlanError } from "./error.ts";
import { json } from "./json.ts";
import { lastUp } from "./last-up.ts";
import { livePreview } from "./live.ts";
import { markdown } from "./markdown.ts";
import { isRefused, reportOf, type Base, type Report } from "./report.ts";
import { createPlanKeys, runProgram, type PlanKeys } from "./run.ts";
import { hasStack, readStack } from "./stack-file.ts";

const FORMATS = { markdown, json };

/**
 * Prints the plan that the variables STACK, BASE, FORMAT and LIVE ask for. PULUMI_BACKEND_URL names the folder of
 * the state, for what the last `up` recorded.
 *
 * @param checkout folder of the checkout that is planned
 * @returns the exit code: 0 for a plan, 1 for one that must not go on
 * @throws PlanError for a request that cannot be planned
 */
export async function plan(checkout: string, env: NodeJS.ProcessEnv): Promise<number> {
  const { stack, ref, format, isLive } = request(env);
  const settings = readStack(checkout, stack);
  if (isLive) {
    return livePreview(checkout, stack, format === "json");
  }
  using shared = createPlanKeys();
  using other = ref === undefined ? undefined : checkOutBase(checkout, ref);
  const [head, base] = await Promise.all([
    runProgram(checkout, stack, settings, shared),
    other && planBase(other, stack, shared),
  ]);
  const report: Report = reportOf(stack, head, base, PRICES, lastUp(stack, env));
  process.stdout.write(FORMATS[format](report));
  return isRefused(report) ? 1 : 0;
}

async function planBase(checkout: BaseCheckout, stack: string, shared: PlanKeys): Promise<Base> {
  const { folder, ref, commit, notes } = checkout;
  const outcome = hasStack(folder, stack)
    ? await runProgram(folder, stack, readStack(folder, stack), shared)
    : undefined;
  return { ref, commit, notes, outcome };
}

function request(env: NodeJS.ProcessEnv): {
  stack: string;
  ref: string | undefined;
  format: keyof typeof FORMATS;
  isLive: boolean;
} {
  const stack = env["STACK"] ?? "";
  if (!/^[\w.-]+$/.test(stack)) {
    throw new PlanError(
      stack === "" ? "no stack is named" : `STACK=${stack} is no name of a stack`,
      "run `make plan STACK=dev`",
    );
  }
  const format = env["FORMAT"] === undefined || env["FORMAT"] === "" ? "markdown" : env["FORMAT"];
  if (format !== "markdown" && format !== "json") {
    throw new PlanError(`FORMAT=${format} is unknown`, "choose markdown or json");
  }
  const ref = env["BASE"] === "" ? undefined : env["BASE"];
  const isLive = isOn(env["LIVE"]);
  if (isLive && ref !== undefined) {
    throw new PlanError(
      "LIVE=1 compares with the real state, BASE with a commit",
      "give one of them",
    );
  }
  return { stack, ref, format, isLive };
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "no", "false"].includes(value);
}
