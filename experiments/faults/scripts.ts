/** Scripts that faults run on machines. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { render, type Values } from "../../components/remote/render.ts";
import type { Seconds } from "../model.ts";
import type { Site } from "../site.ts";
import { LONGEST } from "./network/script.ts";

const SCRIPTS = join(import.meta.dirname, "scripts");

/**
 * Runs a script of this folder on a machine.
 *
 * @param values its variables
 * @throws Error with what it said when it fails
 */
export async function runOn(
  site: Site,
  machine: string,
  script: "container-kill" | "disk" | "k3s" | "registry",
  values: Values,
): Promise<void> {
  const text = readFileSync(join(SCRIPTS, `${script}.sh`), "utf8");
  await site.onMachine(machine, render(text, values));
}

/** Does something to K3s on a machine. */
export function k3s(site: Site, machine: string, action: "kill" | "start" | "thaw"): Promise<void> {
  return runOn(site, machine, "k3s", { ACTION: action });
}

/**
 * Stops or freezes K3s on a machine, until somebody has it go on.
 *
 * @param limit seconds after which the machine does so itself; default: two hours
 */
export function k3sAway(
  site: Site,
  machine: string,
  action: "stop" | "freeze",
  limit: Seconds = LONGEST,
): Promise<void> {
  return runOn(site, machine, "k3s", { ACTION: action, LIMIT: String(limit) });
}
