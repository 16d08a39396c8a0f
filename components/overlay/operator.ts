/**
 * The operator's computer as a member of overlays: each stack has a folder and an interface of its own
 * there, so that one computer is in the overlays of several.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { rangesOverlap } from "@fogline/azure-checks/cidr";
import * as pulumi from "@pulumi/pulumi";

import { operatorInterface } from "../../config/names.ts";
import { expandHome } from "../../config/paths.ts";
import { LocalScript } from "../remote/script.ts";
import { KEY_SCRIPT, OPERATOR_SCRIPT } from "./wireguard/scripts.ts";

/** Folder of this stack on the operator's computer. */
export function operatorFolder(folder: string): string {
  return join(expandHome(folder), pulumi.getStack());
}

/** Makes the key of the operator's computer in this stack's overlay; its result is the public half. */
export function operatorKey(
  name: string,
  folder: string,
  opts: pulumi.CustomResourceOptions,
): LocalScript {
  const file = `${operatorInterface(pulumi.getStack())}.key`;
  return new LocalScript(
    `${name}-operator-key`,
    {
      script: KEY_SCRIPT,
      values: {
        NODE: "this computer",
        OPERATOR: "yes",
        KEY: join(operatorFolder(folder), file),
        EARLIER: join(expandHome(folder), "fogline0.key"),
      },
    },
    opts,
  );
}

/**
 * Joins the operator's computer.
 *
 * @param hub address in the overlay that has to answer
 */
export function joinOperator(
  name: string,
  folder: string,
  conf: pulumi.Output<string>,
  hub: string,
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource {
  const stack = pulumi.getStack();
  return new LocalScript(
    `${name}-operator`,
    {
      script: OPERATOR_SCRIPT,
      values: {
        STACK: stack,
        FOLDER: operatorFolder(folder),
        INTERFACE: operatorInterface(stack),
        CONF: conf,
        HUB: hub,
        EARLIER: expandHome(folder),
      },
    },
    opts,
  );
}

/**
 * Refuses a range that another stack's overlay has on this computer already: a packet could go into
 * either.
 *
 * @param folder the operator's folder, with a folder for each stack
 * @throws RunError naming both stacks
 */
export function refuseSharedRange(folder: string, stack: string, range: string): void {
  const shared = otherStacks(expandHome(folder), stack).flatMap(({ name, file, ranges }) =>
    ranges.filter((other) => rangesOverlap(range, other)).map((other) => ({ name, file, other })),
  );
  if (shared.length > 0) {
    const all = shared.map(
      ({ name, file, other }) =>
        `This computer is in the overlay of stack ${name}, whose range ${other} overlaps ${range} of ` +
        `stack ${stack}. Give one of them another fogline:overlay.range; a stack that is up keeps ` +
        `its own. To leave the overlay of ${name} instead: sudo wg-quick down ${file}; sudo rm ${file}`,
    );
    throw new pulumi.RunError(`${all.join("\n")}\nNothing was created or changed.`);
  }
}

interface OtherStack {
  readonly name: string;
  readonly file: string;
  readonly ranges: readonly string[];
}

/** Stacks whose overlay this computer has joined. */
function otherStacks(folder: string, stack: string): OtherStack[] {
  return entries(folder)
    .filter((name) => name !== stack)
    .flatMap((name) => {
      const file = join(folder, name, `${operatorInterface(name)}.conf`);
      const ranges = /^AllowedIPs\s*=\s*(.*)$/m.exec(textOf(file))?.[1]?.split(/\s*,\s*/);
      return ranges === undefined ? [] : [{ name, file, ranges }];
    });
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    return absent(error, []);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    return absent(error, "");
  }
}

/** What stands for a file that is not there. */
function absent<T>(error: unknown, otherwise: T): T {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") {
    return otherwise;
  }
  throw error;
}
