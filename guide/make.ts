/** Other commands of the project that the guide runs as steps. */
import type { Run } from "./command.ts";

/** What `make azure` was given is for the guide alone: `make` would hand it on to those it starts. */
const OWN = { MAKEFLAGS: "", MFLAGS: "", MAKEOVERRIDES: "", ARGS: "" };

/** Runs a command of the Makefile for a stack; it prints what it does. */
async function make(run: Run, target: string, stack: string, args = ""): Promise<void> {
  const words = ["--no-print-directory", target, `STACK=${stack}`];
  const options = args === "" ? [] : [`ARGS=${args}`];
  await run("make", [...words, ...options], { isInteractive: true, env: OWN });
}

/** Looks sums and digests up where they are published, and writes them into the stack file. */
export async function makePins(run: Run, stack: string): Promise<void> {
  await make(run, "pin", stack, "--only=stack");
}

/** Prints the plan of the stack. */
export async function makePlan(run: Run, stack: string): Promise<void> {
  await make(run, "plan", stack);
}
