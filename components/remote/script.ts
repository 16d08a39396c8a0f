/** Remote scripts: a file of this repository run as root on a machine, over one SSH connection. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

import type { Machine } from "../machine.ts";
import { lookFirst } from "./look.ts";
import { marksResult, renderStep, resultOf, type Locks, type Values } from "./render.ts";

/** The part of a script that writes and fetches files; it is told `NODE`. */
export const FILES_SCRIPT = join(import.meta.dirname, "scripts/files.sh");

/** The part of a machine's first script that provides the programs which others call. */
export const TOOLS_SCRIPT = join(import.meta.dirname, "scripts/tools.sh");

/** The part of a machine's first script that waits for what the machine does by itself when it is new. */
export const FIRST_BOOT_SCRIPT = join(import.meta.dirname, "scripts/first-boot.sh");

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
  /**
   * Whether it mostly waits, for a device or for a node, so that it does not keep other steps off
   * the machine; default false: one step at a time changes a machine.
   */
  readonly waits?: boolean;
}

/**
 * Runs a script of this repository as root on a machine.
 *
 * Script and values travel by stdin: neither shows in the machine's process list. What the script
 * writes to stderr is its progress and is shown; stdout is its result. It runs again, with
 * `update`, when the script or a value changes, so scripts are idempotent. Before the first of a
 * machine's steps its SSH is looked at, so that what is wrong there is named.
 */
export class RemoteScript extends command.remote.Command {
  /** Holds what the login shell prints as well: read `result`. */
  declare readonly stdout: never;
  /** What the script printed on stdout, without a line's end at its end. */
  readonly result: pulumi.Output<string>;

  constructor(name: string, args: RemoteScriptArgs, opts: pulumi.CustomResourceOptions = {}) {
    const { machine } = args;
    const shell = args.asUser === true ? "bash" : "sudo -n bash";
    const run = (action: string): string => `${shell} -s -- ${action}`;
    const locks = {
      step: `/run/lock/fogline-${name}.lock`,
      machine: "/run/lock/fogline.lock",
      ...(args.waits === undefined ? {} : { waits: args.waits }),
    };
    super(
      name,
      {
        connection: machine.connection,
        ...(args.onlyUndo === true ? {} : { create: run("create"), update: run("update") }),
        ...(args.undo === false ? {} : { delete: run("delete") }),
        stdin: stdinOf(args, args.asUser === true ? undefined : locks),
        // Setting variables over SSH needs AcceptEnv on the machine, and no script wants them.
        addPreviousOutputInEnv: false,
        logging: command.remote.Logging.Stderr,
      },
      {
        // Nothing runs on a device before it is prepared.
        ...pulumi.mergeOptions(opts, { dependsOn: dependenciesOf(machine) }),
        ...(args.onlyUndo === true ? {} : { hooks: lookFirst(machine, name) }),
        // A machine that is deleted takes its files along.
        ...(machine.tier === "cloud" ? { deletedWith: machine.lifetime } : {}),
        // A lost one is not asked to give anything back.
        ...(machine.tier === "edge" && machine.lost === true ? { retainOnDelete: true } : {}),
        additionalSecretOutputs: args.secretOutput === true ? ["stdout"] : [],
      },
    );
    this.result =
      args.onlyUndo === true
        ? pulumi.output("")
        : readResult(this, `${machine.name}: the step ${name}`, args.secretOutput === true);
  }
}

/** Runs a script on the operator's own computer, in the same manner. */
export class LocalScript extends command.local.Command {
  /** Holds what else prints there as well: read `result`. */
  declare readonly stdout: never;
  /** What the script printed on stdout, without a line's end at its end. */
  readonly result: pulumi.Output<string>;

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
    this.result = readResult(this, `this computer: the step ${name}`, false);
  }
}

/**
 * The text of a script, or of its parts one after another. Every file begins with `set -euo pipefail`, a part
 * as well as a whole script: it is read and checked with the same rules wherever it stands, and no order of
 * parts decides whether a failure counts (testing/tree/scripts.test.ts).
 *
 * @throws RunError naming a file that a checkout has given Windows' line ends
 */
export function readScript(script: string | readonly string[]): string {
  return [script].flat().map(readText).join("\n");
}

function readText(path: string): string {
  const text = readFileSync(path, "utf8");
  if (text.includes("\r")) {
    throw new pulumi.RunError(
      `${relative(process.cwd(), path)} has Windows' line ends (CRLF), which no machine can run. ` +
        "Nothing was changed. Take the files anew with line feeds: " +
        "git config core.autocrlf false && git rm -rq --cached . && git reset --hard",
    );
  }
  return text;
}

function dependenciesOf(machine: Machine): pulumi.Resource[] {
  return machine.tier === "cloud" || machine.prepared === undefined ? [] : [machine.prepared];
}

/** Script and values as the one text that the shell reads. */
function stdinOf(
  { script, values }: Pick<RemoteScriptArgs, "script" | "values">,
  locks?: Locks,
): pulumi.Output<string> {
  const text = readScript(script);
  const known: pulumi.Output<Values> = pulumi.output(values ?? {});
  return known.apply((plain) => renderStep(text, plain, locks));
}

/** What a step printed as its result, apart from what a login shell prints before and behind it. */
function readResult(
  step: command.remote.Command | command.local.Command,
  what: string,
  isSecret: boolean,
): pulumi.Output<string> {
  // An `up` of some targets leaves steps of an earlier version as they are: their output is all.
  const isMarked = pulumi.unsecret(step.stdin).apply((text) => marksResult(text ?? ""));
  // One that had nothing to run printed nothing at all.
  const stdout: pulumi.Output<string | undefined> = step.stdout;
  return pulumi
    .all([stdout, isMarked])
    .apply(([text = "", marked]) => (marked ? takeResult(text, what, isSecret) : text));
}

/**
 * The result within what a step printed.
 *
 * @param isSecret whether an error may not show what was printed
 * @throws RunError where there is none
 */
export function takeResult(stdout: string, what: string, isSecret: boolean): string {
  const result = resultOf(stdout);
  if (result === undefined) {
    throw new pulumi.RunError(
      `${what} ended without its result: the login shell ended before it, or another command runs ` +
        "in its place. Look for exit and exec in the user's ~/.bashrc and ~/.profile, and for " +
        "ForceCommand in sshd_config" +
        (isSecret || stdout === "" ? "" : `. It printed: ${stdout.slice(0, 300)}`),
    );
  }
  return result;
}
