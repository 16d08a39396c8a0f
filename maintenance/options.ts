/** The options of `make drain` and `make undrain`, and what a person is asked. */
import { createInterface } from "node:readline/promises";

import { nameOf } from "./facts.ts";
import { drain, MaintenanceError, undrain, type Access } from "./drain.ts";
import type { Harmed } from "./plan.ts";

/** Most minutes that may be asked for: a day. */
const MOST_MINUTES = 1440;

/** Options as they are typed, with what holds without them. */
export const OPTIONS = {
  node: { type: "string", default: "" },
  /** Ends pods that will be missing, too. */
  stop: { type: "boolean", default: false },
  /** Leaves them without a question. */
  leave: { type: "boolean", default: false },
  minutes: { type: "string", default: "10" },
} as const;

/** What was typed. */
export interface Given {
  readonly node: string;
  readonly stop: boolean;
  readonly leave: boolean;
  readonly minutes: string;
}

/** Commands by name. */
export const COMMANDS = ["drain", "undrain"] as const;
export type Command = (typeof COMMANDS)[number];

/**
 * Carries a command out.
 *
 * @throws MaintenanceError naming every option that is wrong, or why the cluster cannot do it
 */
export async function carryOut(command: Command, given: Given, access: Access): Promise<void> {
  const minutes = /^\d+$/.test(given.minutes) ? Number(given.minutes) : 0;
  const wrong = [
    ...(minutes >= 1 && minutes <= MOST_MINUTES
      ? []
      : [`--minutes=${given.minutes}: must be a whole number from 1 to ${MOST_MINUTES}`]),
    ...(given.stop && given.leave ? ["--stop and --leave contradict each other: give one"] : []),
  ];
  if (wrong.length > 0) {
    throw new MaintenanceError(wrong.join("\n"));
  }
  try {
    await (command === "drain"
      ? drain(access, { node: given.node, minutes, stops: (harmed) => stops(given, harmed) })
      : undrain(access, { node: given.node }));
  } catch (error) {
    if (error instanceof RangeError) {
      throw new MaintenanceError(error.message);
    }
    throw error;
  }
}

/** Whether pods are ended that will be missing: what was typed, else what the person says; nobody asked, no. */
async function stops({ stop, leave }: Given, harmed: readonly Harmed[]): Promise<boolean> {
  if (stop || leave) {
    return stop;
  }
  const names = harmed.map(({ pod }) => nameOf(pod)).join(", ");
  if (!process.stdin.isTTY) {
    process.stdout.write(`${names}: left as they are; ARGS=--stop ends them\n`);
    return false;
  }
  const questions = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await questions.question(`End ${names} all the same? [y/N] `)).trim());
  } finally {
    questions.close();
  }
}
