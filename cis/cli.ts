/**
 * Prints the checks of the CIS benchmark for a stack's cluster; ends with 1 where one fails.
 *
 * Usage: node --import tsx cis/cli.ts --stack=NAME
 *
 * It runs on the operator's computer, which is a member of the overlay.
 */
import { parseArgs } from "node:util";

import { runMain } from "../operator/command.ts";
import { RunningStack } from "../operator/stack.ts";
import { evaluate, report } from "./checks.ts";
import { gather } from "./gather.ts";

/** Longest that one question of the cluster may take. */
const SECONDS = 120;

await runMain(async (args) => {
  const { values } = parseArgs({ args: [...args], options: { stack: { type: "string" } } });
  using stack = await RunningStack.open(values.stack ?? "");
  const facts = await gather({
    kubectl: (...words) => stack.kubectl(words, { seconds: SECONDS }),
    run: (node, script) => stack.onMachine(node, script),
  });
  const results = evaluate(facts);
  process.stdout.write(report(results));
  return results.some(({ status }) => status === "FAIL") ? 1 : 0;
});
