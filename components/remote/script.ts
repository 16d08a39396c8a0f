/** Remote scripts: a file of this repository run as root on a machine, over one SSH connection. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { Machine } from "../machine.ts";
import { render, type Values } from "./render.ts";

/** The part of a script that writes and fetches files; it is told `NODE`. */
export const FILES_SCRIPT = join(import.meta.dirname, "scripts/files.sh");

/** The part of a machine's first script that provides the programs which others call. */
export const TOOLS_SCRIPT = join(import.meta.dirname, "scripts/tools.sh");

export interface RemoteScriptArgs {
  readonly machine: Machine;
  /**
   * Path of the script, or of its parts, which are read as one. It gets `create`, `update` or
   * `delete` as its first argument.
   */
  readonly script: string | readonly string[];
  /** Shell variables of the script. They travel by stdin and may be secret. */
  readonly values?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Whether what the script prints on stdout is secret; default false. */
  readonly secretOutput?: boolean;
  /** Whether the script undoes its work when its resource goes; default true. */
  readonly undo?: boolean;
  /** Whether it runs then alone, so that creating its resource opens no connection; default false. */
  readonly onlyUndo?: boolean;
  /**
   * Whether it runs as the user who logs in instead of root, and beside other steps, as it only looks;
   * default false.
   */
  readonly asUser?: boolean;
}

/**
 * Runs a script of this repository as root on a machine.
 *
 * Script and values travel by stdin: neither shows in the machine's process list. What the script
 * writes to stderr is its progress and is shown; stdout is its result. It runs again, with
 * `update`, when the script or a value changes, so scripts are idempotent.
 */
export class RemoteScript extends command.remote.Command {
  constructor(name: string, args: RemoteScriptArgs, opts: pulumi.CustomResourceOptions = {}) {
    const shell = args.asUser === true ? "bash" : "sudo -n bash";
    const run = (action: string): string => `${shell} -s -- ${action}`;
    super(
      name,
      {
        connection: args.machine.connection,
        ...(args.onlyUndo === true ? {} : { create: run("create"), update: run("update") }),
        ...(args.undo === false ? {} : { delete: run("delete") }),
        stdin: stdinOf(args, args.asUser === true ? undefined : `/run/lock/fogline-${name}.lock`),
        // Setting variables over SSH needs AcceptEnv on the machine, and no script wants them.
        addPreviousOutputInEnv: false,
        logging: command.remote.Logging.Stderr,
      },
      {
        ...pulumi.mergeOptions(opts, { dependsOn: dependenciesOf(args.machine) }),
        // A machine that is deleted takes its files along.
        ...(args.machine.lifetime === undefined ? {} : { deletedWith: args.machine.lifetime }),
        // A lost one is not asked to give anything back.
        ...(args.machine.lost === true ? { retainOnDelete: true } : {}),
        additionalSecretOutputs: args.secretOutput === true ? ["stdout"] : [],
      },
    );
  }
}

/** Runs a script on the operator's own computer, in the same manner. */
export class LocalScript extends command.local.Command {
  constructor(
    name: string,
    args: Pick<RemoteScriptArgs, "script" | "values">,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    const run = (action: string): string => `bash -s -- ${action}`;
    super(
      name,
      {
        create: run("create"),
        update: run("update"),
        delete: run("delete"),
        stdin: stdinOf(args),
        addPreviousOutputInEnv: false,
        logging: command.local.Logging.Stderr,
      },
      opts,
    );
  }
}

/** The text of a script, or of its parts one after another. */
export function readScript(script: string | readonly string[]): string {
  return [script]
    .flat()
    .map((part) => readFileSync(part, "utf8"))
    .join("\n");
}

function dependenciesOf({ prepared }: Machine): pulumi.Resource[] {
  return prepared === undefined ? [] : [prepared];
}

/** Script and values as the one text that the shell reads. */
function stdinOf(
  { script, values }: Pick<RemoteScriptArgs, "script" | "values">,
  lock?: string,
): pulumi.Output<string> {
  const text = readScript(script);
  const known: pulumi.Output<Values> = pulumi.output(values ?? {});
  return known.apply((plain) => render(text, plain, lock));
}
