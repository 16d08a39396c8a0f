/**
 * `make plan STACK=dev [BASE=<git ref>] [FORMAT=markdown|json] [LIVE=1]`: what a stack is and what a
 * change would do to it, without credentials, cloud or state.
 *
 * Ends with 0 for a plan, 1 for one that must not go on (wrong settings, a broken policy, a missing
 * price), 2 for a request that cannot be planned (an unknown stack or commit).
 */
import { join } from "node:path";

import { checkOutBase, type BaseCheckout } from "./base.ts";
import { PRICES } from "../policy/cost.ts";
import { PlanError } from "./error.ts";
import { json } from "./json.ts";
import { livePreview } from "./live.ts";
import { markdown } from "./markdown.ts";
import { isRefused, reportOf, type Base, type Report } from "./report.ts";
import { createPlanKeys, runProgram, type PlanKeys } from "./run.ts";
import { hasStack, readStack } from "./stack-file.ts";

const CHECKOUT = join(import.meta.dirname, "..");
const FORMATS = { markdown, json };

async function main(env: NodeJS.ProcessEnv): Promise<number> {
  const { stack, ref, format, isLive } = request(env);
  const settings = readStack(CHECKOUT, stack);
  if (isLive) {
    return livePreview(CHECKOUT, stack, format === "json");
  }
  using shared = createPlanKeys();
  using checkout = ref === undefined ? undefined : checkOutBase(CHECKOUT, ref);
  const [head, base] = await Promise.all([
    runProgram(CHECKOUT, stack, settings, shared),
    checkout && planBase(checkout, stack, shared),
  ]);
  const report: Report = reportOf(stack, head, base, PRICES);
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

try {
  process.exitCode = await main(process.env);
} catch (error) {
  if (!(error instanceof PlanError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
