/**
 * Takes a node of a stack's cluster out of service so that no visit fails, and back; on the operator's computer,
 * which is a member of the overlay.
 *
 * Usage: node --import tsx maintenance/cli.ts drain|undrain --stack=NAME --node=NAME [--stop | --leave] [--minutes=10]
 */
import { parseArgs } from "node:util";

import { runMain } from "../operator/command.ts";
import { RunningStack } from "../operator/stack.ts";
import { MaintenanceError } from "./drain.ts";
import { carryOut, COMMANDS, OPTIONS } from "./options.ts";

await runMain(async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...OPTIONS, stack: { type: "string", default: "" } },
    allowPositionals: true,
  });
  const command = COMMANDS.find((each) => each === positionals[0]);
  if (command === undefined || values.stack === "") {
    throw new MaintenanceError("usage: make drain|undrain NODE=raspberrypi STACK=dev");
  }
  using stack = await RunningStack.open(values.stack);
  await carryOut(command, values, {
    kubectl: (words, input = "") => stack.kubectl(["--request-timeout=30s", ...words], { input }),
    say: (line) => process.stdout.write(`${line}\n`),
  });
  return 0;
});
