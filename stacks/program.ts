/** The program: settings → stack → outputs. */
import type { Apps } from "../apps/app.ts";
import { APPS } from "../apps/index.ts";
import { refuseDeadAgent } from "../components/remote/agent.ts";
import { load } from "../config/load.ts";
import { fog, type Outputs } from "./fog.ts";
import { needProblems } from "./needs.ts";
import { refuseChanges } from "./record.ts";

/**
 * Declares everything that the stack's settings ask for.
 *
 * @throws RefusedSettings, pulumi.RunError before anything is declared
 */
export async function program(apps: Apps = APPS): Promise<Outputs> {
  const loaded = load(apps, (reading) => needProblems(apps, reading));
  const runs = await refuseChanges(loaded.settings, apps);
  await refuseDeadAgent();
  return fog(loaded, apps, runs);
}
