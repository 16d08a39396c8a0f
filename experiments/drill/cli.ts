/**
 * `make drill FAULT=silence NODE=raspberrypi STACK=dev`: harms a stack that runs, with its operator's consent, and
 * tells what visitors noticed. Without STACK it is the lab that is up. ARGS: `--seconds=60` how long, `--percent=10` of
 * packets for FAULT=loss, `--yes=dev` agrees beforehand, `--list` lists the drills.
 *
 * Ends with 0 when the stack is as it was, 1 otherwise, 130 when it was ended from outside: then the fault is undone
 * first. What a drill that was killed has left in force, the next one of that stack undoes.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";

import { LockedError } from "../../lab/lock.ts";
import { LabError } from "../../lab/progress.ts";
import { INTERRUPTED, OperatorError, runMain } from "../../operator/command.ts";
import { RunningStack } from "../../operator/stack.ts";
import { InForce } from "../in-force.ts";
import { DRILLS } from "./catalogue.ts";
import { agreed, consentText, terminal } from "./consent.ts";
import { carryOut, prepareLoad } from "./drill.ts";
import { labPlace, stackPlace, type Place } from "./place.ts";
import { planDrill } from "./plan.ts";
import type { Hands } from "./power.ts";
import { OPTIONS, type Given } from "./refusals.ts";

const ending = new AbortController();
const hands: Hands = {
  say: sayer(),
  readLine: process.stdin.isTTY ? terminal : undefined,
  signal: ending.signal,
};

await runMain(main, (signal) => {
  if (ending.signal.aborted) {
    process.exit(INTERRUPTED);
  }
  hands.say(`${signal}: undoes what is in force, and ends; a second one ends it at once`);
  ending.abort();
});

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.list) {
    process.stdout.write(`make drill FAULT=… [NODE=…] [STACK=…]\n${listed()}`);
    return 0;
  }
  try {
    if (values.stack === "" || values.stack === "lab") {
      return await drilled(values, await labPlace());
    }
    using stack = await RunningStack.open(values.stack);
    return await drilled(values, await stackPlace(stack, hands));
  } catch (error) {
    if (ending.signal.aborted) {
      // What could not be undone is told; that it was ended is known.
      hands.say(error instanceof Error && error.name !== "AbortError" ? error.message : "ended");
      return INTERRUPTED;
    }
    throw isTold(error) ? new OperatorError(error.message) : error;
  }
}

/** Faults word what is the matter by plain errors, for a person; errors of the language are classes of their own. */
function isTold(error: unknown): error is Error {
  return (
    error instanceof LabError ||
    error instanceof LockedError ||
    (error instanceof Error && error.constructor === Error)
  );
}

/** Looks, asks, and does it. @returns the exit code */
async function drilled(given: Given, place: Place): Promise<number> {
  const { say, readLine, signal } = hands;
  const { site } = place;
  const inForce = new InForce(join(place.inForce, `${site.name}.json`));
  const release = inForce.lock("drill");
  try {
    await inForce.undo(site, say);
    const isTerminal = readLine !== undefined;
    const plan = await planDrill(given, place, { isTerminal, say, signal });
    await prepareLoad(say);
    process.stdout.write(`\n${consentText(plan, place)}\n`);
    await agreed(site.name, given.yes, readLine, signal);
    const { lines, isWell } = await carryOut(plan, place, { say, signal });
    process.stdout.write(`\n${lines.join("\n")}\n`);
    return isWell ? 0 : 1;
  } finally {
    release();
  }
}

function listed(): string {
  const width = Math.max(...DRILLS.map(({ name }) => name.length));
  return DRILLS.map(({ name, does, labOnly }) => {
    const where = labOnly === undefined ? "" : " (the lab alone)";
    return `  ${name.padEnd(width)}  ${does}${where}\n`;
  }).join("");
}

/** Tells what goes on, with the time; a line that is as the one before is not told again. */
function sayer(): (text: string) => void {
  const began = performance.now();
  let last = "";
  return (text) => {
    if (text !== last) {
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      process.stdout.write(`${seconds.padStart(4)} s  ${text}\n`);
      last = text;
    }
  };
}
