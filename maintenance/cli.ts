/**
 * Takes a node of a stack's cluster out of service so that no visit fails, and back; on the operator's computer,
 * which is a member of the overlay.
 *
 * Usage: node --import tsx maintenance/cli.ts drain|undrain --stack=NAME --node=NAME [--stop | --leave] [--minutes=10]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { execa, type ExecaError } from "execa";

import { MaintenanceError } from "./drain.ts";
import { carryOut, COMMANDS, OPTIONS } from "./options.ts";

/** Longest that one question may take, milliseconds. */
const PATIENCE = 60_000;

async function run(
  what: string,
  command: string,
  args: readonly string[],
  input = "",
): Promise<string> {
  try {
    return (await execa(command, args, { input, timeout: PATIENCE })).stdout;
  } catch (error) {
    const { stderr, shortMessage } = error as ExecaError;
    const why = typeof stderr === "string" && stderr !== "" ? stderr.trim() : shortMessage;
    throw new MaintenanceError(`${what}: ${why}`);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { ...OPTIONS, stack: { type: "string", default: "" } },
    allowPositionals: true,
  });
  const command = COMMANDS.find((each) => each === positionals[0]);
  if (command === undefined || values.stack === "") {
    throw new MaintenanceError("usage: make drain|undrain NODE=raspberrypi STACK=dev");
  }
  const folder = mkdtempSync(join(tmpdir(), "fogline-maintenance-"));
  try {
    const kubeconfig = join(folder, "kubeconfig");
    const text = await run(`the stack ${values.stack} gives no kubeconfig`, "pulumi", [
      ...["stack", "output", "kubeconfig", "--show-secrets", `--stack=${values.stack}`],
    ]);
    writeFileSync(kubeconfig, text, { mode: 0o600 });
    const flags = [`--kubeconfig=${kubeconfig}`, "--request-timeout=30s"];
    await carryOut(command, values, {
      kubectl: (words, input) => run("kubectl", "kubectl", [...flags, ...words], input),
      say: (line) => process.stdout.write(`${line}\n`),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof TypeError && "code" in error;
  const isTold = error instanceof MaintenanceError || isUsage;
  process.stderr.write(`${isTold ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
