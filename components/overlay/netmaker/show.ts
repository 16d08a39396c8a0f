/**
 * Prints a stack's Netmaker network, and draws it.
 *
 * Usage: node --import tsx components/overlay/netmaker/show.ts
 *        (--stack=NAME | --access=FILE) [--svg=FILE]
 *
 * `--stack` asks Pulumi for the stack's output `netmaker`; `--access` reads it from a file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { NetmakerClient, NetmakerError } from "@fogline/pulumi-netmaker/api";
import { inventorySvg } from "@fogline/pulumi-netmaker/inventory/diagram";
import { readInventory } from "@fogline/pulumi-netmaker/inventory/inventory";
import { inventoryText } from "@fogline/pulumi-netmaker/inventory/table";
import { execa, type ExecaError } from "execa";
import { z } from "zod";

/** The stack's output: where the API is, and who asks. */
const access = z.object({
  url: z.string(),
  username: z.string(),
  password: z.string(),
  ca: z.string().optional(),
  network: z.string(),
});

/** What a person is told without a trace. */
class ShowError extends Error {}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { stack: { type: "string" }, access: { type: "string" }, svg: { type: "string" } },
  });
  const text =
    values.access === undefined
      ? await outputOf(values.stack ?? "")
      : readFileSync(values.access, "utf8");
  const { url, username, password, ca, network } = readAccess(text);
  const client = new NetmakerClient({ url, credentials: { username, password }, ca });
  const inventory = await readInventory(client, network);
  const lines = [inventoryText(inventory)];
  if (values.svg !== undefined) {
    writeFileSync(values.svg, inventorySvg(inventory));
    lines.push("", `diagram: ${values.svg}`);
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}

function readAccess(text: string): z.output<typeof access> {
  const parsed = access.safeParse(text.trim() === "" ? undefined : JSON.parse(text));
  if (!parsed.success) {
    throw new ShowError(
      "the stack has no output netmaker: its overlay is of another kind, or it is not up",
    );
  }
  return parsed.data;
}

async function outputOf(stack: string): Promise<string> {
  if (stack === "") {
    throw new ShowError("name the stack: --stack=dev");
  }
  try {
    const args = ["stack", "output", "--json", "--show-secrets", `--stack=${stack}`];
    const { stdout } = await execa("pulumi", args, { stdin: "ignore", timeout: 60_000 });
    return JSON.stringify((JSON.parse(stdout) as { netmaker?: unknown }).netmaker ?? {});
  } catch (error) {
    const { stderr, shortMessage } = error as ExecaError;
    const why = typeof stderr === "string" && stderr !== "" ? stderr.trim() : shortMessage;
    throw new ShowError(`the stack ${stack} gives no outputs: ${why}`);
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const isKnown = error instanceof ShowError || error instanceof NetmakerError;
  process.stderr.write(`${isKnown ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
