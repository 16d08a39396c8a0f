/** `make logs`: what the website's pods write, or a machine's journal. */
import { runInside } from "../machines/machine.ts";
import { LabError } from "../progress.ts";
import { kubectl } from "./kubectl.ts";

/** What to show. */
export interface LogOptions {
  /** A machine, whose journal is shown; without it, the website's pods. */
  readonly machine?: string | undefined;
  /** Keep showing what comes. */
  readonly follow: boolean;
  /** Lines from the past. */
  readonly lines: number;
}

/** Where the website's pods stand and the label they carry. */
const NAMESPACE = "website";
const SELECTOR = "app=website";

/** Prints logs. */
export async function logs({ machine, follow, lines }: LogOptions): Promise<number> {
  return machine === undefined ? podLogs(follow, lines) : journal(machine, follow, lines);
}

async function podLogs(follow: boolean, lines: number): Promise<number> {
  return kubectl([
    "logs",
    `--namespace=${NAMESPACE}`,
    `--selector=${SELECTOR}`,
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
      "only the website's logs can be followed",
      `make logs ARGS=${machine}`,
    );
  }
  const result = await runInside(machine, `journalctl --no-pager --lines=${lines}`);
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  return result.exitCode;
}
