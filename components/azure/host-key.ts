/**
 * A machine's SSH host key, as its extension CustomScript tells it over the cloud's own control channel.
 * Pure.
 *
 * Sources: Microsoft Learn, "Virtual Machine Extensions - Get" (the instance view), "Virtual machine
 * extensions and features for Linux" (what a failure looks like, how an extension is run again), and the
 * extension itself, release 2.1.19 (the message of a success).
 */
import * as pulumi from "@pulumi/pulumi";

/** What Azure knows of an extension on a machine that runs. */
export interface ExtensionView {
  readonly statuses?: readonly ExtensionStatus[] | undefined;
}

/** One report of an extension. */
export interface ExtensionStatus {
  /** E.g. `ProvisioningState/succeeded`, `ProvisioningState/failed/0`. */
  readonly code?: string | undefined;
  /** `Enable succeeded: ` with the ends, 4 KiB each, of both outputs; or why it failed. */
  readonly message?: string | undefined;
}

/** Whose extension it is. */
export interface ExtensionPlace {
  readonly machine: string;
  readonly resourceGroup: string;
  readonly extension: string;
}

/** Longest report that an error repeats, characters: its end says what failed. */
const SHOWN = 400;
const SUCCESS = /^Enable succeeded: *\n\[stdout\]\n(.*?)\n\[stderr\]\n/s;
const HOST_KEY = /^ssh-ed25519 [A-Za-z0-9+/]+=*$/;

/**
 * The host key that an extension printed.
 *
 * @param view undefined, or without a status, for a machine that is deallocated, whatever the provider's
 *   types say
 * @throws RunError when there is none, with the commands that show why and that run it again
 */
export function hostKeyFrom(view: ExtensionView | undefined, place: ExtensionPlace): string {
  const { machine, resourceGroup, extension } = place;
  const reports = (view?.statuses ?? []).flatMap(({ code, message }) =>
    message === undefined && code === undefined ? [] : [message ?? code ?? ""],
  );
  if (reports.length === 0) {
    throw new pulumi.RunError(
      `${machine} tells nothing over its extension ${extension}: it does not run. ` +
        `fix: az vm start --resource-group ${resourceGroup} --name ${machine}, and run up again`,
    );
  }
  const key = reports
    .map((report) => SUCCESS.exec(report)?.[1]?.trim() ?? "")
    .find((printed) => HOST_KEY.test(printed));
  if (key === undefined) {
    const which = `--resource-group ${resourceGroup} --vm-name ${machine} --name ${extension}`;
    throw new pulumi.RunError(
      `${machine} did not tell its SSH host key over its extension ${extension}, ` +
        `which reports: ${shown(reports)}. ` +
        `fix: look at what az vm extension show ${which} --instance-view says; an extension runs once, ` +
        `so that az vm extension delete ${which}, pulumi refresh and up run it again`,
    );
  }
  return key;
}

/** Reports on one line. */
function shown(reports: readonly string[]): string {
  const line = reports.join("; ").replaceAll(/\s+/g, " ").trim();
  return line.length > SHOWN ? `…${line.slice(1 - SHOWN)}` : line;
}
