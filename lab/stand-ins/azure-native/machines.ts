/** Virtual machines as machines of the lab. */
import { setTimeout as pause } from "node:timers/promises";

import { sizeOf } from "@fogline/azure-checks/sizes";

import { NAMESPACES } from "../../layout.ts";
import { boot, erase, halt, runInside } from "../../machines/machine.ts";
import type { View } from "./cloud.ts";
import { AzureError } from "./errors.ts";
import { attachmentOf } from "./network.ts";
import type { MachineInputs, RunCommandInputs } from "./shapes.ts";

/** Azure keeps this much of a run command's output, from its end. */
const OUTPUT_BYTES = 4096;
/** Azure's own limit when none is given. */
const DEFAULT_TIMEOUT_SECONDS = 5400;
/** How long a machine may take to answer on the control channel. */
const AGENT_SECONDS = 60;
/** How `timeout` says that it ended a script. */
const TIMED_OUT = 124;

/** The machines that the provider orders; a test puts others in their place. */
export interface Hypervisor {
  boot(cloud: View, inputs: MachineInputs): Promise<void>;
  halt(name: string): Promise<void>;
  erase(name: string): Promise<void>;
  run(vmName: string, inputs: RunCommandInputs): Promise<InstanceView>;
}

/** What a run command came to, as Azure shows it. */
export interface InstanceView {
  readonly executionState: "Succeeded" | "Failed" | "TimedOut";
  readonly exitCode: number;
  readonly output: string;
  readonly error: string;
  readonly startTime: string;
  readonly endTime: string;
}

/** Machines of this lab. */
export const LAB: Hypervisor = { boot: bootMachine, halt, erase, run: runCommand };

/** Boots the machine with its NIC's address and its size's limits. */
async function bootMachine(cloud: View, inputs: MachineInputs): Promise<void> {
  const size = sizeOf(inputs.hardwareProfile.vmSize);
  const [nic, ...more] = inputs.networkProfile.networkInterfaces;
  const key = inputs.osProfile.linuxConfiguration?.ssh?.publicKeys?.[0]?.keyData;
  if (size === undefined || nic === undefined || key === undefined || more.length > 0) {
    throw new Error(`${inputs.vmName}: the lab needs a known size, one NIC and one key`);
  }
  await boot({
    name: inputs.vmName,
    hostname: inputs.osProfile.computerName,
    namespace: NAMESPACES.cloud,
    ...attachmentOf(cloud, nic.id),
    user: inputs.osProfile.adminUsername,
    authorizedKey: key.trim(),
    cpus: size.vcpus,
    memoryMiB: size.memoryMiB,
  });
}

/** Runs a script as root over the control channel. */
async function runCommand(vmName: string, inputs: RunCommandInputs): Promise<InstanceView> {
  await listening(vmName);
  const startTime = new Date().toISOString();
  const seconds = inputs.timeoutInSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const ran = await runInside(vmName, wrap(inputs.source.script, seconds));
  return {
    executionState:
      ran.exitCode === 0 ? "Succeeded" : ran.exitCode === TIMED_OUT ? "TimedOut" : "Failed",
    exitCode: ran.exitCode,
    output: tail(ran.stdout),
    error: tail(ran.stderr),
    startTime,
    endTime: new Date().toISOString(),
  };
}

/** The script, ended after its time. It runs from a file, as it may read its standard input. */
export function wrap(script: string, seconds: number): string {
  return [
    "set -eu; umask 077; file=$(mktemp /run/run-command.XXXXXX)",
    "trap 'rm -f \"$file\"' EXIT",
    `printf %s '${Buffer.from(script).toString("base64")}' | base64 -d >"$file"`,
    `timeout --kill-after=5 ${seconds} bash "$file" </dev/null`,
    "",
  ].join("\n");
}

/** The last bytes of a text, without the half of a character. */
export function tail(text: string, bytes = OUTPUT_BYTES): string {
  const all = Buffer.from(text);
  let start = Math.max(0, all.length - bytes);
  while (start > 0 && ((all[start] ?? 0) & 0xc0) === 0x80) {
    start += 1;
  }
  return all.subarray(start).toString();
}

async function listening(vmName: string): Promise<void> {
  const deadline = performance.now() + AGENT_SECONDS * 1000;
  for (;;) {
    try {
      await runInside(vmName, "true");
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw new AzureError({
          code: "VMAgentStatusCommunicationError",
          message: `VM '${vmName}' has not reported status for VM agent or extensions: ${error instanceof Error ? error.message : String(error)}`,
        });
      }
    }
    await pause(500);
  }
}
