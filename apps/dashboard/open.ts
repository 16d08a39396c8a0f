/**
 * Opens a stack's dashboard on the operator's computer, which must be a member of the overlay, until
 * Ctrl-C.
 *
 * Usage: node --import tsx apps/dashboard/open.ts [--stack=NAME | --kubeconfig=FILE]
 *        [--role=viewer|operator] [--minutes=60] [--port=4466]
 *
 * `--stack` asks Pulumi for the stack's kubeconfig; with neither, kubectl's own default holds.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { execa, type ExecaError } from "execa";

import { DashboardError, openDashboard, type Access, type Opened } from "./access.ts";
import { ACCOUNTS, type DashboardRole } from "./roles.ts";

/** Kubernetes' own least life of a token, and half a day as the most that is short. */
const MINUTES = { least: 10, most: 720 };

/** Options as they are typed, with what holds without them. */
export const OPTIONS = {
  role: { type: "string", default: "viewer" },
  minutes: { type: "string", default: "60" },
  port: { type: "string", default: "4466" },
} as const;

/**
 * Reads the options that all stacks share.
 *
 * @throws DashboardError naming every option that is wrong
 */
export function readOptions(given: {
  readonly role: string;
  readonly minutes: string;
  readonly port: string;
}): Omit<Access, "kubectl"> {
  const minutes = wholeNumber(given.minutes);
  const port = wholeNumber(given.port);
  const wrong = [
    Object.keys(ACCOUNTS).includes(given.role)
      ? undefined
      : `--role=${given.role}: must be ${Object.keys(ACCOUNTS).join(" or ")}`,
    minutes >= MINUTES.least && minutes <= MINUTES.most
      ? undefined
      : `--minutes=${given.minutes}: must be a whole number from ${MINUTES.least} to ${MINUTES.most}`,
    port >= 1 && port <= 65535
      ? undefined
      : `--port=${given.port}: must be a whole number from 1 to 65535`,
  ].filter((line) => line !== undefined);
  if (wrong.length > 0) {
    throw new DashboardError(wrong.join("\n"));
  }
  return { role: given.role as DashboardRole, minutes, port };
}

/** Shows the way to a person and keeps it open until Ctrl-C. */
export async function show(opened: Opened, role: DashboardRole, url = opened.url): Promise<void> {
  const minutes = Math.round((opened.expires.getTime() - Date.now()) / 60_000);
  process.stdout.write(
    [
      `dashboard: ${url}`,
      `role:      ${role}`,
      `token:     ${opened.token}`,
      `           for ${minutes} minutes, until ${opened.expires.toISOString()}`,
      "Ctrl-C closes it.\n",
    ].join("\n"),
  );
  process.once("SIGINT", opened.close);
  process.once("SIGTERM", opened.close);
  await opened.ended;
}

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...OPTIONS, stack: { type: "string" }, kubeconfig: { type: "string" } },
  });
  const options = readOptions(values);
  const folder = mkdtempSync(join(tmpdir(), "fogline-dashboard-"));
  try {
    const file = values.stack === undefined ? values.kubeconfig : join(folder, "kubeconfig");
    if (values.stack !== undefined && file !== undefined) {
      writeFileSync(file, await kubeconfigOf(values.stack), { mode: 0o600 });
    }
    const flags = file === undefined ? [] : [`--kubeconfig=${file}`];
    const opened = await openDashboard({ ...options, kubectl: ["kubectl", ...flags] });
    await show(opened, options.role);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function kubeconfigOf(stack: string): Promise<string> {
  try {
    const args = ["stack", "output", "kubeconfig", "--show-secrets", `--stack=${stack}`];
    return (await execa("pulumi", args, { stdin: "ignore", timeout: 60_000 })).stdout;
  } catch (error) {
    const { stderr, shortMessage } = error as ExecaError;
    const why = typeof stderr === "string" && stderr !== "" ? stderr.trim() : shortMessage;
    throw new DashboardError(`the stack ${stack} gives no kubeconfig: ${why}`);
  }
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    const isUsage = error instanceof TypeError && "code" in error;
    process.stderr.write(
      `${error instanceof DashboardError || isUsage ? error.message : String((error as Error).stack)}\n`,
    );
    process.exitCode = isUsage ? 2 : 1;
  }
}
