/**
 * `make plan STACK=dev [BASE=<git ref>] [FORMAT=markdown|json] [LIVE=1]`: what a stack is and what a
 * change would do to it, without credentials, cloud or state.
 *
 * Ends with 0 for a plan, 1 for one that must not go on (wrong settings, a broken policy, a missing
 * price), 2 for a request that cannot be planned (an unknown stack or commit).
 */
import { join } from "node:path";

import { PlanError } from "./error.ts";
import { plan } from "./plan.ts";

try {
  process.exitCode = await plan(join(import.meta.dirname, ".."), process.env);
} catch (error) {
  if (!(error instanceof PlanError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
