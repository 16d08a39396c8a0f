/**
 * The Pulumi engine, run inside the laptop's network namespace: the program of this checkout as an
 * inline program of the Automation API. Reports on standard output, one JSON message a line.
 *
 * Usage: node --import tsx lab/engine.ts up|preview|destroy
 *
 * SIGINT, or the end of standard input (the command line died), cancels what is under way.
 */
import { existsSync, fstatSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter } from "node:path";

import { execa } from "execa";
import {
  LocalWorkspace,
  PulumiCommand,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation/index.js";

import { program as declare } from "../stacks/program.ts";
import { labApps } from "./apps.ts";
import { ENGINE, STACK } from "./engine/config.ts";
import { ENVIRONMENT } from "./engine/environment.ts";
import { Tracker, type Message } from "./engine/events.ts";
import { readOutputsOnce, writeOutputs } from "./engine/outputs.ts";
import { clearPending, hasPending, removeLocks, STATE } from "./engine/state.ts";
import { BUILD_TOOLS, TOOLS } from "./layout.ts";
import { lastLines } from "./progress.ts";

/** What the engine can be asked to do. */
export type Operation = "up" | "preview" | "destroy";

const program: PulumiFn = async () => ({ ...(await declare(await labApps())) });

async function main(operation: Operation): Promise<number> {
  // The command provider connects to the agent that it names, and the program uses none.
  delete process.env["SSH_AUTH_SOCK"];
  const cancel = new AbortController();
  process.on("SIGINT", () => {
    cancel.abort();
  });
  // Started by hand, standard input may be a terminal or /dev/null, whose end says nothing.
  if (!fstatSync(0).isCharacterDevice()) {
    process.stdin.on("end", () => {
      cancel.abort();
    });
    process.stdin.resume();
  }

  // The command line may be gone; the engine still leaves its state in order.
  process.stdout.on("error", () => {
    cancel.abort();
  });

  const tracker = new Tracker(send);
  const ticking = setInterval(() => {
    tracker.tick();
  }, 1000);
  const options = {
    onEvent: (event: Parameters<Tracker["take"]>[0]) => {
      tracker.take(event);
    },
    signal: cancel.signal,
    color: "never" as const,
  };
  try {
    send({ kind: "waits", text: "starting the engine" });
    const stack = await openStack(tracker);
    // An abort before the CLI runs would be ignored.
    cancel.signal.throwIfAborted();
    if (operation === "preview") {
      const { stdout } = await stack.preview(options);
      send({ kind: "note", text: stdout.replaceAll(/^@.*\n/gm, "").trim() });
    } else if (operation === "destroy") {
      await stack.destroy(options);
    } else {
      const { outputs } = await stack.up(options);
      await writeOutputs(outputs);
    }
    return 0;
  } catch (error) {
    const failures = cancel.signal.aborted ? [] : tracker.failures();
    send({ kind: "failed", failures, output: reason(error, cancel.signal.aborted) });
    return cancel.signal.aborted ? 130 : 1;
  } finally {
    clearInterval(ticking);
  }
}

async function openStack(tracker: Tracker): Promise<Stack> {
  // First in the PATH, so that the program builds its images with them.
  if (existsSync(BUILD_TOOLS)) {
    process.env["PATH"] = `${BUILD_TOOLS}${delimiter}${process.env["PATH"] ?? ""}`;
  }
  await mkdir(STATE, { recursive: true });
  await removeLocks();
  const pulumiCommand = await PulumiCommand.get({ root: TOOLS.pulumi });
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: STACK, projectName: "fogline", program },
    { workDir: ENGINE, pulumiCommand, envVars: ENVIRONMENT },
  );
  readOutputsOnce(
    stack,
    async () => {
      const args = ["stack", "output", "--json", "--show-secrets", `--stack=${STACK}`];
      const options = { cwd: ENGINE, env: ENVIRONMENT };
      return (await execa(pulumiCommand.command, args, options)).stdout;
    },
    () => tracker.outputs,
  );
  if (hasPending(STACK)) {
    for (const operation of await clearPending(stack)) {
      send({ kind: "note", text: `an earlier run was killed while ${operation}; asking again` });
    }
  }
  return stack;
}

function reason(error: unknown, cancelled: boolean): string {
  if (cancelled) {
    return "cancelled";
  }
  const text = error instanceof Error ? error.message : String(error);
  // The Automation API repeats the output within an account of the process it ran.
  const said = /stderr: Command failed[^\n]*\n([\s\S]*?)\n ?err\?:/.exec(text)?.[1];
  return lastLines(said ?? text, 30);
}

function send(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

const operation = process.argv[2];
if (operation !== "up" && operation !== "preview" && operation !== "destroy") {
  process.stderr.write("usage: node --import tsx lab/engine.ts up|preview|destroy\n");
  process.exitCode = 2;
} else {
  // The providers' connections keep the process alive after the work is done.
  process.exit(await main(operation));
}
