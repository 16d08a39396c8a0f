/** The power of a machine of one's own, which a person takes and gives back when told to. */
import { setTimeout as pause } from "node:timers/promises";

import { nodeName } from "../../config/names.ts";
import { OperatorError } from "../../operator/command.ts";
import type { Site } from "../site.ts";

/** Asks the person at the terminal for one line. */
export type ReadLine = (prompt: string, signal: AbortSignal) => Promise<string>;

/** The person whose hands a drill needs, and who is told what goes on. */
export interface Hands {
  readonly say: (text: string) => void;
  /** Undefined where nobody is at a terminal. */
  readonly readLine: ReadLine | undefined;
  /** Ends waiting for what the person is to harm; what is to be put right is waited for all the same. */
  readonly signal: AbortSignal;
}

/** A machine of the cloud, as Azure calls it. */
export interface CloudMachine {
  readonly name: string;
  readonly resourceGroup: string;
}

/** How machines are asked whether they run. */
export type Asked = Pick<Site, "kubectl" | "onMachine">;

/** Longest that a machine which is to have its power back is waited for, seconds. */
const PATIENCE = 1800;
const AGAIN_MS = 1000;

/**
 * Has a person take and give back a machine's power. A machine of Azure that is stopped in this way is billed on and
 * keeps its place and its address; `--skip-shutdown` powers it off without an orderly end ("Virtual Machines - Power
 * Off" in Azure's REST reference, `skipShutdown`; `az vm stop`).
 *
 * @param cloud machines that have their power from Azure
 */
export function powerByHand(
  asked: Asked,
  cloud: readonly CloudMachine[],
  { say, readLine, signal }: Hands,
): Pick<Site, "powerOff" | "powerOn"> {
  const orderOf = (machine: string, command: string, ...more: readonly string[]): string => {
    const found = cloud.find((each) => nodeName(each) === nodeName({ name: machine }));
    return found === undefined
      ? ""
      : `: ${["az vm", command, `--resource-group ${found.resourceGroup} --name ${found.name}`, ...more].join(" ")}`;
  };
  return {
    powerOff: async (machine) => {
      const order = orderOf(machine, "stop", "--skip-shutdown");
      say(`TAKE THE POWER of ${machine} now${order}`);
      const node = nodeName({ name: machine });
      await first(
        signal,
        (over) => untilReady(asked, node, false, over),
        ...(readLine === undefined
          ? []
          : [
              (over: AbortSignal) =>
                readLine("It goes on when the node is NotReady, or when you press Enter. ", over),
            ]),
      );
      say(`${machine} is off`);
    },
    powerOn: async (machine) => {
      say(`GIVE ${machine} ITS POWER BACK${orderOf(machine, "start")}`);
      const over = AbortSignal.timeout(PATIENCE * 1000);
      try {
        // A node that has just lost its power still counts as Ready: first the machine itself must answer.
        await untilAnswers(asked, machine, over);
        await untilReady(asked, nodeName({ name: machine }), true, over);
      } catch (error) {
        if (!over.aborted) {
          throw error;
        }
        throw new OperatorError(
          `${machine} is not back after ${PATIENCE} s. fix: give it its power`,
        );
      }
      say(`${machine} is back`);
    },
  };
}

/** Waits for the first of some, and ends the others. */
async function first(
  signal: AbortSignal,
  ...ways: readonly ((over: AbortSignal) => Promise<unknown>)[]
): Promise<void> {
  const others = new AbortController();
  const over = AbortSignal.any([signal, others.signal]);
  const all = ways.map((way) => way(over));
  try {
    await Promise.race(all);
  } finally {
    others.abort();
    // They end by what ends them, which says nothing.
    await Promise.allSettled(all);
  }
}

async function untilReady(
  { kubectl }: Asked,
  node: string,
  isWanted: boolean,
  over: AbortSignal,
): Promise<void> {
  const status = `jsonpath={.status.conditions[?(@.type=="Ready")].status}`;
  for (;;) {
    const ready = await kubectl(
      ...["get", "node", node, `--output=${status}`, "--request-timeout=10s"],
    ).then(
      (text) => text.trim() === "True",
      // Nothing is known where the cluster does not answer: the machine may be the one with the API.
      () => undefined,
    );
    if (ready === isWanted) {
      return;
    }
    await pause(AGAIN_MS, undefined, { signal: over });
  }
}

async function untilAnswers(
  { onMachine }: Asked,
  machine: string,
  over: AbortSignal,
): Promise<void> {
  for (;;) {
    const answers = await onMachine(machine, "true").then(
      () => true,
      () => false,
    );
    if (answers) {
      return;
    }
    await pause(AGAIN_MS, undefined, { signal: over });
  }
}
