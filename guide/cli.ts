/**
 * `make azure STACK=dev`: from an empty Azure subscription to a stack that can be made, step by step.
 * Each step looks first and does only what is missing, so that it can be run again at any time. Nothing
 * that it does is billed; it ends with the plan.
 *
 * ARGS answers questions beforehand: `--help` lists the options. Ends with 0 when all steps are done, 1
 * when one cannot go on, 2 for a command that is wrong, 130 after Ctrl-C.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";

import { ANSWERS, asking, terminal, type Answers } from "./ask.ts";
import { runner } from "./command.ts";
import { stackFiles } from "./files.ts";
import { StackFile } from "./stack-file.ts";
import { goThrough } from "./step.ts";
import { STEPS } from "./steps/index.ts";

const CHECKOUT = join(import.meta.dirname, "..");
/** Registering a provider takes Azure some minutes: a quarter of an hour. */
const PATIENCE = { looks: 90, interval: 10_000 };

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function help(): string {
  const lines = Object.entries(ANSWERS).map(
    ([name, { type, meaning }]) => `  --${name}${type === "boolean" ? "" : "=…"}  ${meaning}`,
  );
  return ["make azure STACK=dev [ARGS='…']", ...lines].join("\n");
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { ...ANSWERS, help: { type: "boolean" } } });
  const stack = process.env["STACK"] ?? "";
  if (values.help === true) {
    say(help());
    return 0;
  }
  if (!/^[\w.-]+$/.test(stack) || stack === "lab") {
    const why = stack === "lab" ? "the lab needs no Azure: make up" : "run `make azure STACK=dev`";
    process.stderr.write(`STACK=${stack} is no stack on Azure\n  fix: ${why}\n`);
    return 2;
  }
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      interrupt.abort();
    });
  }
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const site = {
    checkout: CHECKOUT,
    file: new StackFile(CHECKOUT, stack),
    files: stackFiles(stack),
    run: runner(CHECKOUT, interrupt.signal),
    ask: asking(values satisfies Answers, isTerminal ? terminal(interrupt) : undefined),
    say,
    env: process.env,
    patience: PATIENCE,
  };
  try {
    return (await goThrough(STEPS, site)) ? 0 : 1;
  } catch (error) {
    if (!interrupt.signal.aborted) {
      throw error;
    }
    say(
      "\nInterrupted. What was done stays, and nothing is billed; the same command goes on there.",
    );
    return 130;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError && "code" in error)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n${help()}\n`);
  process.exitCode = 2;
}
