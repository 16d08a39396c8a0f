/** Scripts that faults run on machines. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { render, type Values } from "../../components/remote/render.ts";
import type { Site } from "../site.ts";

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
