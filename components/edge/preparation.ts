/** Making a device fit for Kubernetes, and giving it back as it was. */
import * as pulumi from "@pulumi/pulumi";

import { nodeName } from "../../config/names.ts";
import type { EdgeMachine } from "../machine.ts";
import { RemoteScript } from "../remote/script.ts";
import { CHECK_SCRIPTS, type Requirements } from "./check.ts";
import { scripts } from "./scripts.ts";

/**
 * Errors that are borne while a device restarts: with 5 s between the later ones, about five
 * minutes. A Pi 4 takes 30 to 60 s.
 */
const RESTART_ERRORS = 60;

/**
 * Prepares a device that passes every check: missing programs, memory counted by group (one restart
 * where the kernel needs to be told), no swap, the right time, a log that spares the SD card. A device
 * that needs none of it is left as it is. What was changed is put back when the device leaves the stack.
 *
 * @returns the machine, on which nothing else runs before it is prepared
 */
export function prepare(
  machine: EdgeMachine,
  requirements: Requirements,
  opts: pulumi.CustomResourceOptions = {},
): EdgeMachine {
  const node = nodeName(machine);
  const values = { NODE: node, ARCH: machine.arch };
  const preparation = new RemoteScript(
    `${node}-prepare`,
    {
      machine,
      script: [...CHECK_SCRIPTS, ...scripts("prepare.sh")],
      values: { ...values, ...requirements },
    },
    opts,
  );
  const connection = machine.connection.apply((known) => ({
    ...known,
    dialErrorLimit: RESTART_ERRORS,
  }));
  const prepared = new RemoteScript(
    `${node}-booted`,
    {
      machine: { ...machine, connection },
      script: scripts("supported.sh", "booted.sh"),
      values: {
        ...values,
        ENDED: preparation.result.apply((text) => readBoot(text, machine.name)),
      },
      undo: false,
    },
    // The device restarts at the end of its preparation, where it has to.
    { ...opts, dependsOn: [preparation] },
  );
  return { ...machine, prepared };
}

/** The boot that ends for the preparation: empty where none does. */
function readBoot(text: string, machine: string): string {
  if (!/^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/.test(text)) {
    throw new pulumi.RunError(
      `${machine} did not print the id of its boot but ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return text;
}
