/** The list of apps that the lab runs. */
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

import type { Apps } from "../apps/app.ts";
import { PROJECT } from "./layout.ts";

/**
 * The program's apps, or those of another module that exports `APPS`: `APPS_LIST` names it by a path in
 * the checkout, as a test does that adds one (docs/add-an-app.md).
 */
export async function labApps(env: NodeJS.ProcessEnv = process.env): Promise<Apps> {
  const file = resolve(PROJECT, env["APPS_LIST"] ?? "apps/index.ts");
  const { APPS } = (await import(pathToFileURL(file).href)) as { readonly APPS: Apps };
  return APPS;
}
