/** Virtual machines as machines of the lab. */
import { NAMESPACES } from "../../layout.ts";
import { boot, erase, halt, runInside } from "../../machines/machine.ts";
import type { Cloud } from "./cloud.ts";
import { plugOf } from "./network.ts";
import { AzureError, SIZES } from "./refusals.ts";
import type { MachineInputs, RunCommandInputs } from "./shapes.ts";

/** Azure keeps this much of a run command's output, from its end. */
const OUTPUT_BYTES = 4096;

/** Boots the machine with its card's address and its size's limits. */
export async function bootMachine(cloud: Cloud, inputs: MachineInputs): Promise<void> {
  const size = SIZES[inputs.hardwareProfile.vmSize];
  const card = inputs.networkProfile.networkInterfaces[0];
  const key = inputs.osProfile.linuxConfiguration?.ssh?.publicKeys?.[0]?.keyData;
  if (size === undefined || card === undefined || key === undefined) {
    throw new AzureError("InvalidParameter", `${inputs.vmName} lacks a size, a card or a key.`);
  }
  await boot({
    name: inputs.vmName,
    hostname: inputs.osProfile.computerName,
    namespace: NAMESPACES.cloud,
    ...plugOf(cloud, card.id),
    user: inputs.osProfile.adminUsername,
    authorizedKey: key,
    ...size,
  });
}

export function haltMachine({ vmName }: MachineInputs): Promise<void> {
  return halt(vmName);
}

export function eraseMachine(name: string): Promise<void> {
  return erase(name);
}

/** Runs a script over the control channel; its result as the instance view has it. */
export async function runCommand(
  vmName: string,
  { source, treatFailureAsDeploymentFailure }: RunCommandInputs,
): Promise<Record<string, unknown>> {
  const { exitCode, stdout, stderr } = await runInside(vmName, source.script);
  const view = {
    executionState: exitCode === 0 ? "Succeeded" : "Failed",
    exitCode,
    output: stdout.slice(-OUTPUT_BYTES),
    error: stderr.slice(-OUTPUT_BYTES),
  };
  if (exitCode !== 0 && treatFailureAsDeploymentFailure === true) {
    throw new AzureError(
      "VMExtensionProvisioningError",
      `The run command on ${vmName} failed with exit code ${exitCode}: ${view.error}`,
    );
  }
  return view;
}
