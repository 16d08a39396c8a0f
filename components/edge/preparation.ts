/** Preparation of a device for Kubernetes, and its restoration when it leaves. */
import * as pulumi from "@pulumi/pulumi";

import { nodeName } from "../../config/names.ts";
import type { EdgeMachine } from "../machine.ts";
import type { Values } from "../remote/render.ts";
import { RemoteScript } from "../remote/script.ts";
import { unitFile } from "../remote/unit-file.ts";
import { CHECK_SCRIPTS, type Requirements } from "./check.ts";
import { scripts } from "./scripts.ts";

/**
 * Failed SSH connections that are tolerated while a device restarts: with 5 s between the later ones,
 * about five minutes. A Pi 4 takes 30 to 60 s.
 */
const RESTART_ERRORS = 60;

/** Values of `prepare.sh`: files that it adds to the device's settings of systemd. */
export const DROP_INS: Values = {
  // Its notes end when the device is given back, and so does the condition.
  SWAP_HOLD: unitFile({ Unit: { ConditionPathExists: "!/var/lib/fogline/before/swap-held" } }),
  // A log in memory spares the card.
  JOURNAL_SETTINGS: unitFile({ Journal: { Storage: "volatile", RuntimeMaxUse: "32M" } }),
};

/**
 * Prepares a device that passes every check: installs missing programs, enables the memory cgroup (which
 * may take one restart), disables swap, sets the clock, keeps the journal off the SD card. Nothing that is
 * right already is changed, and what was changed is restored when the device leaves the stack.
 *
 * @returns the machine, on which other steps wait for its preparation
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
      values: { ...values, ...requirements, ...DROP_INS },
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

/** Id of the boot that the preparation ends by a restart; empty where it restarts nothing. */
function readBoot(text: string, machine: string): string {
  if (!/^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$/.test(text)) {
    throw new pulumi.RunError(
      `${machine} did not print the id of its boot but ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return text;
}
