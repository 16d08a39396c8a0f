/** `make logs`: what an app's pods write, or a machine's journal. */
import type { PodGroup } from "../../apps/network-policy.ts";
import { labApps } from "../apps.ts";
import { runInside } from "../machines/machine.ts";
import { LabError } from "../progress.ts";
import { kubectl } from "./kubectl.ts";

/** What to show. */
export interface LogOptions {
  /** An app, whose pods' logs are shown, or a machine, whose journal is; without it, the website. */
  readonly of?: string | undefined;
  /** Keep showing what comes. */
  readonly follow: boolean;
  /** Lines from the past. */
  readonly lines: number;
}

/** Prints logs. */
export async function logs({ of = "website", follow, lines }: LogOptions): Promise<number> {
  const pods = (await labApps())[of]?.pods;
  return pods === undefined ? journal(of, follow, lines) : podLogs(pods, follow, lines);
}

async function podLogs(
  { namespace, labels }: PodGroup,
  follow: boolean,
  lines: number,
): Promise<number> {
  const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return kubectl([
    "logs",
    `--namespace=${namespace}`,
    `--selector=${selector.join(",")}`,
    "--all-containers",
    "--prefix",
    "--max-log-requests=100",
    `--tail=${lines}`,
    ...(follow ? ["--follow"] : []),
  ]);
}

async function journal(machine: string, follow: boolean, lines: number): Promise<number> {
  if (follow) {
    throw new LabError(
      machine,
      "logs --follow",
      "only logs of apps can be followed",
      `make logs ARGS=${machine}`,
    );
  }
  const result = await runInside(machine, `journalctl --no-pager --lines=${lines}`);
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  return result.exitCode;
}
