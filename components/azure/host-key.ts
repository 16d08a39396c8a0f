/** A machine's SSH host key, as its run command tells it over the cloud's own control channel. Pure. */
import * as pulumi from "@pulumi/pulumi";

/** What came of a managed run command ("Virtual Machine Run Commands - Get", instanceView). */
export interface RunView {
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly exitCode?: number | undefined;
}

/** Whose run command it is. */
export interface RunCommandPlace {
  readonly machine: string;
  readonly resourceGroup: string;
  readonly runCommand: string;
}

/**
 * The host key in a run command's output.
 *
 * @param view undefined for a machine that is deallocated, whatever the provider's types say
 * @throws RunError when there is none, with the command that shows why: the portal lists no managed run
 *   command
 */
export function hostKeyFrom(view: RunView | undefined, place: RunCommandPlace): string {
  const { machine, resourceGroup, runCommand } = place;
  if (view === undefined) {
    throw new pulumi.RunError(
      `${machine} tells nothing over its run command: it does not run. ` +
        `fix: az vm start --resource-group ${resourceGroup} --name ${machine}, and run up again`,
    );
  }
  const key = view.output?.trim() ?? "";
  if (!/^ssh-ed25519 [A-Za-z0-9+/]+=*$/.test(key)) {
    const which = `--resource-group ${resourceGroup} --vm-name ${machine} --name ${runCommand}`;
    throw new pulumi.RunError(
      `${machine} did not tell its SSH host key over the run command: ` +
        `exit code ${view.exitCode ?? "none"}, ${view.error ?? "no error text"}. ` +
        `fix: look at what az vm run-command show ${which} --instance-view says`,
    );
  }
  return key;
}
