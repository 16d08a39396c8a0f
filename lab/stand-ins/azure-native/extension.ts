/**
 * What the extension CustomScript does on a machine and how its agent reports it, in the extension's own
 * words (release 2.1.19). Pure.
 */
import { CUSTOM_SCRIPT, provisioningFailed } from "@fogline/azure-checks/extension";
import type { Refusal } from "@fogline/azure-checks/refusal";

import type { Ran } from "../../machines/machine.ts";
import type { ExtensionInputs } from "./shapes.ts";

/** The extension reports this much of each output, from its end. */
const REPORTED_BYTES = 4096;
/** How long a command may take: 90 minutes ("Use the Azure Custom Script Extension Version 2"). */
const LIMIT_SECONDS = 5400;
/** Where the extension keeps what a command prints. */
export const FOLDER = "/var/lib/waagent/custom-script/download/0";
/** How `timeout` says that it ended a command. */
const TIMED_OUT = 124;

/** What a GET with `expand` shows of an extension. */
export interface InstanceView {
  readonly name: string;
  readonly type: string;
  readonly typeHandlerVersion: string;
  readonly statuses: readonly [Status];
}

interface Status {
  readonly code: string;
  readonly level: "Info" | "Error";
  readonly displayStatus: string;
  readonly message: string;
}

/**
 * The command as root's shell runs it for the extension, without input, its outputs kept in files; their
 * ends are printed.
 */
export function wrap(command: string, seconds = LIMIT_SECONDS): string {
  return [
    "set -eu",
    `(umask 077; mkdir -p ${FOLDER}; cd ${FOLDER}; : >stdout; : >stderr)`,
    `cd ${FOLDER}`,
    `command=$(printf %s '${Buffer.from(command).toString("base64")}' | base64 -d)`,
    `code=0; timeout --kill-after=5 ${seconds} /bin/sh -c "$command" </dev/null >stdout 2>stderr || code=$?`,
    // The control channel takes one line end off what is printed.
    `tail -c ${REPORTED_BYTES} stdout; echo`,
    `(tail -c ${REPORTED_BYTES} stderr; echo) >&2`,
    'exit "$code"',
    "",
  ].join("\n");
}

/** What a machine's agent reports of a command that ran. */
export function viewOf(name: string, { exitCode, stdout, stderr }: Ran): InstanceView {
  const outputs = `\n[stdout]\n${stdout}\n[stderr]\n${stderr}`;
  const status: Status =
    exitCode === 0
      ? {
          code: "ProvisioningState/succeeded",
          level: "Info",
          displayStatus: "Provisioning succeeded",
          message: `Enable succeeded: ${outputs}`,
        }
      : {
          code: "ProvisioningState/failed/0",
          level: "Error",
          displayStatus: "Provisioning failed",
          message: `Enable failed: failed to execute command: command terminated with exit status=${exitCode}${outputs}`,
        };
  return { name, type: CUSTOM_SCRIPT, typeHandlerVersion: "2.1.19", statuses: [status] };
}

/** Azure's answer to an order whose command failed; undefined where it did not. */
export function failureOf(
  inputs: ExtensionInputs,
  { statuses: [{ level, message }] }: InstanceView,
): Refusal | undefined {
  const { vmExtensionName } = inputs;
  if (level === "Info") {
    return undefined;
  }
  return message.includes(`exit status=${TIMED_OUT}\n`)
    ? {
        path: "",
        code: "VMExtensionProvisioningTimeout",
        message: `Provisioning of VM extension ${vmExtensionName} has timed out. Extension provisioning has taken too long to complete. The extension last reported "Plugin enabled".\r\n\r\nMore information on troubleshooting is available at https://aka.ms/VMExtensionCSELinuxTroubleshoot`,
      }
    : provisioningFailed(vmExtensionName, inputs, message);
}
