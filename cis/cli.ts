/**
 * Prints the checks of the CIS benchmark for a stack's cluster; ends with 1 where one fails.
 *
 * Usage: node --import tsx cis/cli.ts --stack=NAME
 *
 * It runs on the operator's computer, which is a member of the overlay: it asks Pulumi for the stack's outputs, the
 * cluster by kubectl, and each machine by `ssh`, whose own list of known hosts decides whom it trusts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { execa, type ExecaError } from "execa";
import { parse } from "yaml";

import { evaluate, report } from "./checks.ts";
import { gather, type Access } from "./gather.ts";
import { at, listAt, textAt } from "./rules.ts";

/** Longest that one question may take, milliseconds. */
const PATIENCE = 120_000;

/** What a person is told without a trace. */
class CisError extends Error {}

/** A command's output. @throws CisError with the command's own words */
async function ask(
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
    throw new CisError(`${what}: ${why}`);
  }
}

/** How a stack's cluster and machines are asked. */
async function accessTo(stack: string, folder: string): Promise<Access> {
  const outputs = JSON.parse(
    await ask(`the stack ${stack} has no outputs`, "pulumi", [
      ...["stack", "output", "--json", "--show-secrets", `--stack=${stack}`],
    ]),
  ) as unknown;
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, textAt(outputs, "kubeconfig"), { mode: 0o600 });
  const settings: unknown = parse(readFileSync(`Pulumi.${stack}.yaml`, "utf8"));
  const config = at(settings, "config") as Record<string, unknown> | undefined;
  const key = textAt(config?.["fogline:operator"], "sshKey") || "~/.ssh/id_ed25519";
  const admin = textAt(config?.["fogline:cloud"], "adminUser") || "fogline";
  const devices = listAt(config, "fogline:edge");
  const userOf = (node: string): string => {
    const device = devices.find((each) => textAt(each, "name").toLowerCase() === node);
    return device === undefined ? admin : textAt(device, "user") || "pi";
  };
  const members = listAt(outputs, "overlay");
  const addressOf = (node: string): string => {
    const member = members.find((each) => textAt(each, "name").toLowerCase() === node);
    return textAt(member, "address") || node;
  };
  return {
    kubectl: (...args) =>
      ask("the cluster does not answer", "kubectl", [`--kubeconfig=${kubeconfig}`, ...args]),
    run: (node, script) =>
      ask(
        `${node} cannot be asked`,
        "ssh",
        [
          ...["-o", "BatchMode=yes", "-i", key.replace(/^~/, homedir())],
          ...[`${userOf(node)}@${addressOf(node)}`, "sudo bash -s"],
        ],
        script,
      ),
  };
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { stack: { type: "string" } } });
  if (values.stack === undefined) {
    throw new CisError("name the stack: make cis STACK=dev");
  }
  const folder = mkdtempSync(join(tmpdir(), "fogline-cis-"));
  try {
    const results = evaluate(await gather(await accessTo(values.stack, folder)));
    process.stdout.write(report(results));
    return results.some(({ status }) => status === "FAIL") ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isTold = error instanceof CisError || (error instanceof TypeError && "code" in error);
  process.stderr.write(`${isTold ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = isTold ? 1 : 2;
}
