/** The program's outputs, at the price of one CLI process. */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { SIGNATURE } from "@fogline/pulumi-kit/signatures";
import type { OutputMap, Stack } from "@pulumi/pulumi/automation/index.js";

import { replaceFile } from "../files.ts";
import { RUN } from "../layout.ts";

/** How Netmaker's API is asked, where the overlay is of that kind; secret. */
export const NETMAKER_ACCESS = join(RUN, "operator", "netmaker.json");

/**
 * After an update the Automation API starts three CLI processes: outputs without and with secrets, and
 * the history. The events already told which outputs are secret, so one is enough; on a busy computer
 * that is a second less of every `make up`.
 *
 * @param read prints the outputs with secrets, as JSON
 * @param seen outputs as the events showed them, secrets masked
 */
export function readOutputsOnce(
  stack: Stack,
  read: () => Promise<string>,
  seen: () => Readonly<Record<string, unknown>>,
): void {
  stack.info = () => Promise.resolve(undefined);
  stack.outputs = async () => markSecrets(JSON.parse(await read()) as object, seen());
}

/**
 * Spares the three processes for a caller who does not read what an update returns.
 *
 * @returns reads the outputs when they are asked for, secrets among them
 */
export function readOutputsLater(stack: Stack): () => Promise<OutputMap> {
  const read = stack.outputs.bind(stack);
  stack.info = () => Promise.resolve(undefined);
  stack.outputs = () => Promise.resolve({});
  return read;
}

/** Values with whether each is secret; what the events did not show counts as secret. */
export function markSecrets(values: object, seen: Readonly<Record<string, unknown>>): OutputMap {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]: [string, unknown]) => {
      const secret = !(name in seen) || JSON.stringify(seen[name] ?? null).includes(SIGNATURE);
      return [name, { value, secret }];
    }),
  );
}

/** For root alone: permission bits of a file that holds a secret. */
const SECRET = 0o600;

/** Leaves the outputs for people and other commands; secrets go only where they are needed. */
export async function writeOutputs(outputs: OutputMap): Promise<void> {
  const open = Object.entries(outputs).filter(([, output]) => !output.secret);
  const values = Object.fromEntries(open.map(([name, output]) => [name, output.value as unknown]));
  replaceFile(join(RUN, "outputs.json"), `${JSON.stringify(values, undefined, 2)}\n`);
  const kubeconfig: unknown = outputs["kubeconfig"]?.value;
  if (typeof kubeconfig === "string") {
    replaceFile(join(RUN, "kubeconfig"), kubeconfig, SECRET);
  }
  const netmaker: unknown = outputs["netmaker"]?.value;
  if (netmaker === undefined) {
    await rm(NETMAKER_ACCESS, { force: true });
  } else {
    replaceFile(NETMAKER_ACCESS, JSON.stringify(netmaker), SECRET);
  }
}
