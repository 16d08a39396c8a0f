/** What a person is told and asked before a drill harms anything. */
import { createInterface } from "node:readline/promises";

import { OperatorError } from "../../operator/command.ts";
import { kindOf } from "../faults/index.ts";
import { AFTER, BEFORE, loadOf } from "./drill.ts";
import type { Place } from "./place.ts";
import type { Plan } from "./plan.ts";
import type { ReadLine } from "./power.ts";

/** What will be done to which stack, for how long, how it ends, and who notices what. */
export function consentText(
  plan: Plan,
  place: Pick<Place, "site" | "isLab" | "isProtected">,
): string {
  const { drill, fault, machine, seconds, scene } = plan;
  const isByHand = drill.isByHand === true && !place.isLab;
  const does = isByHand ? drill.does : kindOf(fault).describe(fault);
  const { name, urls } = place.site;
  const { visitsPerSecond, votesPerSecond } = loadOf(place);
  const votes =
    votesPerSecond > 0
      ? `and ${votesPerSecond} votes`
      : "and no vote, which would count in your poll";
  const rows: readonly (readonly [string, string])[] = [
    ["stack", place.isProtected ? `${name}, which is protected (cloud.protect)` : name],
    ...(machine === "" ? [] : [["machine", machine] as const]),
    ["fault", `${drill.name}: ${does}`],
    ["lasts", `${seconds} s, after ${BEFORE} s of visits and before another ${AFTER} s`],
    ["ends", drill.ends],
    ["visits", `${visitsPerSecond} a second to ${urls.join(", ")}, ${votes}`],
  ];
  return [
    ...rows.map(([what, value]) => `${what.padEnd(9)}${value}`),
    "What visitors will notice:",
    ...drill.notices(scene).map((line) => `  - ${line}`),
    "",
  ].join("\n");
}

/**
 * Asks a person to type the stack's name, where they have not agreed beforehand.
 *
 * @param yes name of the stack that was agreed to; empty where none was
 * @param readLine undefined where nobody is at a terminal
 * @throws OperatorError where they do not agree
 */
export async function agreed(
  stack: string,
  yes: string,
  readLine: ReadLine | undefined,
  signal: AbortSignal,
): Promise<void> {
  const typed = yes === "" ? await readLine?.(`Type the stack's name to begin: `, signal) : yes;
  if (typed?.trim() !== stack) {
    throw new OperatorError(`The name typed is not ${stack}: nothing was begun.`);
  }
}

/** Reads lines from the terminal, which goes on to send Ctrl-C to this process. */
export const terminal: ReadLine = async (prompt, signal) => {
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: false });
  const ended = new AbortController();
  // The input's end answers nothing.
  lines.on("close", () => {
    ended.abort(new OperatorError("the input ended before the question was answered"));
  });
  try {
    return await lines.question(prompt, { signal: AbortSignal.any([signal, ended.signal]) });
  } catch (error) {
    signal.throwIfAborted();
    ended.signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
};
