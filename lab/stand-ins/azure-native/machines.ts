/** Virtual machines as machines of the lab. */
import { setTimeout as pause } from "node:timers/promises";

import { sizeOf } from "@fogline/azure-checks/sizes";

import { NAMESPACES } from "../../layout.ts";
import { boot, erase, halt, runInside, running, type Ran } from "../../machines/machine.ts";
import type { View } from "./cloud.ts";
import { AzureError } from "./errors.ts";
import { wrap } from "./extension.ts";
import { attachmentOf } from "./network.ts";
import type { MachineInputs } from "./shapes.ts";

/** How long a machine may take to answer on the control channel. */
const AGENT_SECONDS = 60;

/** The machines that the provider orders; a test puts others in their place. */
export interface Hypervisor {
  boot(cloud: View, inputs: MachineInputs): Promise<void>;
  halt(name: string): Promise<void>;
  erase(name: string): Promise<void>;
  /** Whether a machine has power. */
  isRunning(name: string): Promise<boolean>;
  /**
   * Runs a command as the extension CustomScript does.
   *
   * @returns its exit code, and the ends of its outputs
   * @throws AzureError when the machine does not answer, or loses its power meanwhile
   */
  execute(name: string, command: string): Promise<Ran>;
}

/** Machines of this lab. */
export const LAB: Hypervisor = { boot: bootMachine, halt, erase, isRunning, execute };

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

async function isRunning(name: string): Promise<boolean> {
  return (await running()).includes(name);
}

async function execute(name: string, command: string): Promise<Ran> {
  await listening(name);
  const ran = await runInside(name, wrap(command));
  if (ran.exitCode !== 0 && !(await isRunning(name))) {
    throw silent(name, "its power was cut");
  }
  return ran;
}

async function listening(vmName: string): Promise<void> {
  const deadline = performance.now() + AGENT_SECONDS * 1000;
  for (;;) {
    try {
      await runInside(vmName, "true");
      return;
    } catch (error) {
      if (performance.now() > deadline) {
        throw silent(vmName, error instanceof Error ? error.message : String(error));
      }
    }
    await pause(500);
  }
}

function silent(vmName: string, why: string): AzureError {
  return new AzureError({
    code: "VMAgentStatusCommunicationError",
    message: `VM '${vmName}' has not reported status for VM agent or extensions: ${why}`,
  });
}
